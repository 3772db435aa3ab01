"""Rows that nothing needs leave by age: of jobs deleted long ago, of links that are no longer good, of machines that
are gone. What counters have counted of them stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from jobs.job import ENDS
from jobs.schema import in_plain_words, jobs, paces, shares, tallies

ROWS_S = 90 * 86_400.0
"""Seconds for which the rows of what is gone are kept, for whoever looks into what happened."""

AT_ONCE = 500
"""Rows in one transaction: others who write wait for milliseconds."""


class OldRows:
    """Raises `StoreError`."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def forget(self, now: float) -> int:
        """Remove all that is older than `ROWS_S`; returns how many jobs were."""
        before = now - ROWS_S
        count = 0
        while some := self._forget_jobs(before):
            count += some
        with in_plain_words(), self._engine.begin() as connection:
            ended = sa.or_(shares.c.expires < before, shares.c.revoked & (shares.c.created < before))
            connection.execute(shares.delete().where(ended))
            connection.execute(paces.delete().where(paces.c.learned < before))
        return count

    def _forget_jobs(self, before: float) -> int:
        old = sa.select(jobs.c.id).where(jobs.c.purged.is_(True), jobs.c.state.in_(ENDS), jobs.c.ended < before)
        with in_plain_words(), self._engine.begin() as connection:
            ids = connection.execute(old.limit(AT_ONCE)).scalars().all()
            if ids:
                _count(connection, ids)
                connection.execute(shares.delete().where(shares.c.job.in_(ids)))
                connection.execute(jobs.delete().where(jobs.c.id.in_(ids)))
        return len(ids)


def _count(connection: sa.Connection, ids: Any) -> None:
    """Add these jobs to what counters count."""
    waited = sa.func.sum(sa.func.coalesce(jobs.c.started - jobs.c.created, 0.0)).label("waited")
    figures = (sa.func.count().label("count"), waited, sa.func.sum(jobs.c.seconds).label("ran"))
    query = (
        sa.select(jobs.c.model, jobs.c.state, *figures).where(jobs.c.id.in_(ids)).group_by(jobs.c.model, jobs.c.state)
    )
    for row in connection.execute(query).mappings().all():
        _add(connection, row)


def _add(connection: sa.Connection, row: Mapping[Any, Any]) -> None:
    here = (tallies.c.model == row["model"], tallies.c.state == row["state"])
    more = {name: tallies.c[name] + row[name] for name in ("count", "waited", "ran")}
    if connection.execute(tallies.update().where(*here).values(**more)).rowcount == 0:
        connection.execute(tallies.insert().values(**row))
