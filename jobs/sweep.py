"""What in the store belongs to nothing: set aside, never deleted, and only where store and database belong together.

The store holds the id of its database. Beside another database, or one that knows few of the clips (a restored backup,
an empty file), nothing is touched: a library must not go because somebody changed an address.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
import structlog

from jobs.job import CLIP, POSTER
from jobs.schema import database_id, in_plain_words, jobs
from jobs.store import Store
from pipelines.errors import StillmotionError

log = structlog.get_logger("jobs")

ARRIVING_S = 60.0
"""Seconds after which files without a job are nobody's: between the two, a submission takes less than one."""

FEW = 3
"""Folders that submissions may have left behind when they died: so many say nothing about the database."""

AT_ONCE = 500
"""Ids in one question to the database: SQLite takes 32,766 values, and closing waits for one question at most."""

FOREIGN = (
    "The clips in the store were made with another database: nothing there is tidied."
    " Set STILLMOTION_DATABASE_URL to theirs, or STILLMOTION_STORE to another folder."
)

UNKNOWN = (
    "The database knows few of the clips in the store ({known} of {all}): nothing there is tidied."
    " Put back the database that they were made with, or set STILLMOTION_STORE to another folder."
)


@dataclass(frozen=True)
class _Found:
    """The folders in the store: all, those without a row for long enough, and the rows of the others."""

    ids: list[str]
    strangers: list[str]
    rows: dict[str, Any]


class Sweep:
    """One pass over the whole store; ends early where `is_closing` says so. Raises `StoreError`."""

    def __init__(self, engine: sa.Engine, store: Store, is_closing: Callable[[], bool] = lambda: False) -> None:
        self._engine, self._store, self._is_closing = engine, store, is_closing
        self.sentence = ""
        """Why the store is left as it is; empty where it is tidied."""

    def run(self) -> None:
        """Set aside what no job has, bring back what one has after all, remove what stopped and deleted jobs left."""
        label, mine = self._store.label(), database_id(self._engine)
        found = self._look()
        self.sentence = _objection(label, mine, found)
        if self.sentence:
            log.error("store not swept", why=self.sentence)
            return
        if not label:
            self._store.set_label(mine)
        for work in (self._bring_back, lambda: self._set_aside(found.strangers), lambda: self._tidy(found.rows)):
            work()

    def _look(self) -> _Found:
        ids = list(self._store.jobs())
        rows = self._rows(ids)
        strangers = [each for each in ids if each not in rows and self._store.age_s(each) > ARRIVING_S]
        return _Found(ids, strangers, rows)

    def _set_aside(self, strangers: list[str]) -> None:
        for job_id in self._until_closing(strangers):
            # a slow submission may have arrived meanwhile
            if not self._rows([job_id]):
                log.warning("files of no job set aside", job=job_id)
                self._store.set_aside(job_id, time.strftime(DAY_FORMAT))

    def _bring_back(self) -> None:
        aside = list(self._store.asides())
        rows = self._rows([job_id for _, job_id in aside])
        for day, job_id in aside:
            if job_id in rows and not rows[job_id].purged:
                log.info("files brought back", job=job_id)
                self._store.bring_back(day, job_id)

    def _tidy(self, rows: dict[str, Any]) -> None:
        for job_id in self._until_closing(rows):
            if rows[job_id].purged:
                self._store.remove(job_id)
            elif rows[job_id].state in UNMADE:
                drop_clip(self._store, job_id)

    def _until_closing(self, ids: Iterable[str]) -> Iterator[str]:
        for job_id in ids:
            if self._is_closing():
                return
            yield job_id

    def _rows(self, ids: list[str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        columns = sa.select(jobs.c.id, jobs.c.state, jobs.c.purged)
        for some in (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE)):
            with in_plain_words(), self._engine.connect() as connection:
                found |= {row.id: row for row in connection.execute(columns.where(jobs.c.id.in_(some)))}
        return found


DAY_FORMAT = "%Y-%m-%d"
"""Names the folder of what was set aside on one day."""

UNMADE = frozenset({"failed", "cancelled"})
"""Ends of jobs that have no clip to show."""


def drop_clip(store: Store, job_id: str) -> None:
    """What an attempt had finished of a job that ended without a clip goes."""
    for name in (CLIP, POSTER):
        with suppress(StillmotionError):
            store.drop(job_id, name)


def _objection(label: str, mine: str, found: _Found) -> str:
    if label and label != mine:
        return FOREIGN
    unknown = len(found.strangers)
    # a store without a label may be of any database: there not even a few are taken for leftovers
    if unknown > (FEW if label else 0) and 2 * unknown > len(found.ids):
        return UNKNOWN.format(known=len(found.ids) - unknown, all=len(found.ids))
    return ""
