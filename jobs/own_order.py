"""The order of one's own waiting jobs. Only they change places with each other, so nobody else waits longer."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from jobs.dispatch import Dispatch
from jobs.schema import exclusively, in_plain_words, jobs
from jobs.turns import Place


class OwnOrder:
    """Raises `StoreError`."""

    def __init__(self, engine: sa.Engine, dispatch: Dispatch) -> None:
        self._engine, self._dispatch = engine, dispatch

    def make_next(self, job_id: str, user: str) -> None:
        """Of a person's waiting jobs, this one is the first; one that has begun meanwhile stays as it is."""
        with in_plain_words(), exclusively(self._engine) as connection:
            waiting = _waiting(connection, user)
            # what is on its way to a worker has its place no more
            here = self._dispatch.not_given(connection, list(waiting))
            before = [each for each in waiting if each in here]
            if job_id in before:
                after = [job_id, *(each for each in before if each != job_id)]
                self._move(connection, dict(zip(after, [waiting[each] for each in before], strict=True)))

    def _move(self, connection: sa.Connection, places: Mapping[str, Place]) -> None:
        for job_id, place in places.items():
            moved = jobs.update().where(jobs.c.id == job_id).values(turn=place.turn, place=place.asked)
            connection.execute(moved)
            self._dispatch.move(connection, job_id, place)


def _waiting(connection: sa.Connection, user: str) -> dict[str, Place]:
    """Where each waiting job of a person stands, by its id, in their order."""
    query = sa.select(jobs.c.id, jobs.c.turn, jobs.c.place).where(jobs.c.owner == user, jobs.c.state == "queued")
    ordered = query.order_by(jobs.c.turn, jobs.c.place)
    return {row.id: Place(row.turn, row.place) for row in connection.execute(ordered)}
