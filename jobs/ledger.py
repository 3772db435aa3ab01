"""The job table as the page sees it: what was asked, how far it is, what came out."""

from __future__ import annotations

import functools
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from jobs.job import ENDS, Job, State, is_id
from jobs.schema import IN_LIBRARY, in_plain_words, jobs
from jobs.search import findable, wanted_of
from pipelines.errors import NotYours, UnknownJob
from pipelines.request import MotionRequest

NO_SUCH_JOB = ("There is no such clip here.", "It may have been deleted, or the address is incomplete.")

DELETED = ("This clip was deleted.", "It can be brought back in the library for ten minutes.")

UNDER_WAY: tuple[State, ...] = ("running", "queued")

SHOWN = 60
"""Clips on one page of the library: a few screens of thumbnails."""

TOLD = ("stage", "step", "total", "previews", "seconds", "sentence", "note", "created", "favourite", "name", "title")
"""Columns that a `Job` has under the same name."""

REMEMBERED = 1024
"""Requests, of about a kB each: of every job that waits, and of some libraries."""


class Ledger:
    """Reads jobs, and writes what people do with them. Raises `UnknownJob`, `NotYours` and `StoreError`."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def get(self, job_id: str) -> Job:
        """The job as it is now, `remaining_s` being that of its run alone."""
        return _job(self._row(job_id))

    def check_owner(self, job_id: str, user: str) -> None:
        """Raises `NotYours` where somebody else started the job."""
        if self._row(job_id).owner != user:
            raise NotYours("This clip was started by somebody else.", "Only they can stop, change or delete it.")

    def position(self, job_id: str) -> int | None:
        """The place of a waiting job, 1 being next; None for any other."""
        mine, other = jobs.alias("mine"), jobs.alias("other")
        is_before = sa.or_(
            other.c.turn < mine.c.turn, sa.and_(other.c.turn == mine.c.turn, other.c.place < mine.c.place)
        )
        ahead = sa.select(sa.func.count()).select_from(other).where(other.c.state == "queued", is_before)
        query = sa.select(1 + ahead.scalar_subquery()).where(mine.c.id == job_id, mine.c.state == "queued")
        with in_plain_words(), self._engine.connect() as connection:
            place = connection.execute(query).scalar()
        return None if place is None else int(place)

    def turns_of_waiting(self) -> dict[str, int]:
        """The turn of each waiting job, by its id."""
        query = sa.select(jobs.c.id, jobs.c.turn).where(jobs.c.state == "queued")
        with in_plain_words(), self._engine.connect() as connection:
            return {row.id: row.turn for row in connection.execute(query)}

    def waiting(self) -> int:
        """How many jobs wait."""
        return self._count(jobs.c.state == "queued")

    def under_way(self) -> Sequence[Job]:
        """Running jobs, then the waiting ones in their order."""
        order = (jobs.c.state == "queued", jobs.c.turn, jobs.c.place)
        return self._jobs(sa.select(jobs).where(jobs.c.state.in_(UNDER_WAY)).order_by(*order))

    def owned(self, user: str) -> set[str]:
        """The ids of a person's jobs under way."""
        query = sa.select(jobs.c.id).where(jobs.c.owner == user, jobs.c.state.in_(UNDER_WAY))
        with in_plain_words(), self._engine.connect() as connection:
            return set(connection.execute(query).scalars())

    def ask_to_cancel(self, job_id: str) -> None:
        """A waiting job has ended now, a running one hears of it at its next step."""
        with in_plain_words(), self._engine.begin() as connection:
            mine = jobs.c.id == job_id
            ended = {"state": "cancelled", "ended": time.time(), "lease": ""}
            connection.execute(jobs.update().where(mine, jobs.c.state == "queued").values(**ended))
            connection.execute(jobs.update().where(mine, jobs.c.state == "running").values(cancel=True))

    def finished(
        self, user: str, search: str = "", favourites: bool = False, before: float | None = None
    ) -> Sequence[Job]:
        """A page of a person's finished clips, newest first, that `jobs.search` finds.

        `before` is in seconds since 1970. Raises `InputError` for a search that is too long.
        """
        wanted = [jobs.c.owner == user, *(self._holds(*each) for each in wanted_of(search))]
        if favourites:
            wanted.append(jobs.c.favourite)
        if before is not None:
            wanted.append(jobs.c.created < before)
        # the index alone answers this; then no more rows are read than are shown
        found = sa.select(jobs.c.id).where(*wanted, sa.text(IN_LIBRARY)).order_by(jobs.c.created.desc()).limit(SHOWN)
        return self._jobs(sa.select(jobs).where(jobs.c.id.in_(found)).order_by(jobs.c.created.desc()))

    def _holds(self, column: str, piece: str) -> sa.ColumnElement[bool]:
        find = sa.func.instr if self._engine.dialect.name == "sqlite" else sa.func.strpos
        return find(jobs.c[column], piece) > 0

    def set_favourite(self, job_id: str, is_favourite: bool) -> None:
        """Favourites are never removed by age or for room."""
        self._update(job_id, favourite=is_favourite)

    def set_title(self, job_id: str, title: str) -> None:
        """The clip is shown and found by its newest title, beside its name."""
        row = self._row(job_id)
        words = findable(_request(row.request), row.created, row.name, title)["words"]
        self._update(job_id, title=title, words=words)

    def set_deleted(self, job_id: str, is_deleted: bool) -> None:
        """A deleted clip leaves the library; its files follow later, so that it can be brought back."""
        self._update(job_id, deleted=time.time() if is_deleted else None)

    def _update(self, job_id: str, **values: Any) -> None:
        with in_plain_words(), self._engine.begin() as connection:
            connection.execute(jobs.update().where(jobs.c.id == job_id, jobs.c.purged.is_(False)).values(**values))

    def _row(self, job_id: str) -> sa.Row[Any]:
        if not is_id(job_id):
            raise UnknownJob(*NO_SUCH_JOB)
        with in_plain_words(), self._engine.connect() as connection:
            row = connection.execute(sa.select(jobs).where(jobs.c.id == job_id)).one_or_none()
        if row is None:
            raise UnknownJob(*NO_SUCH_JOB)
        return row

    def _jobs(self, query: sa.Select[Any]) -> list[Job]:
        with in_plain_words(), self._engine.connect() as connection:
            return [_job(row) for row in connection.execute(query)]

    def _count(self, *wanted: sa.ColumnElement[bool]) -> int:
        with in_plain_words(), self._engine.connect() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(jobs).where(*wanted)).scalar_one())


def _job(row: sa.Row[Any]) -> Job:
    job = Job(row.id, _request(row.request), row.state)
    job = replace(job, **{name: getattr(row, name) for name in TOLD}, facts=row.facts, is_deleted=bool(row.deleted))
    remaining = None if row.state in ENDS else row.remaining_s
    return replace(job, remaining_s=remaining, has_sampling=row.has_sampling and not row.purged)


@functools.lru_cache(maxsize=REMEMBERED)
def _request(text: str) -> MotionRequest:
    """The same job is looked at ten times a second while somebody waits for it."""
    return MotionRequest.model_validate_json(text)
