"""Keeps the store tidy: what a crash left behind, what was deleted, what is too old or too much."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
import structlog

from jobs.job import CLIP, POSTER
from jobs.schema import in_plain_words, jobs
from jobs.settings import GB, JobSettings
from jobs.steady_clock import SteadyClock
from jobs.store import Store
from pipelines.errors import StillmotionError

log = structlog.get_logger("jobs")

ARRIVING_S = 60.0
"""Seconds after which files without a job are nobody's: between the two, a submission takes less than one."""

UNDO_S = 600.0
"""Seconds for which a deleted clip can be brought back."""

LOOK_S = 30.0
"""Seconds between two rounds."""

DAY_S = 86_400.0

FAILED_S = 7 * DAY_S
"""Seconds for which the still of a job that made no clip is kept: it can be tried again meanwhile."""


class Caretaker:
    """Makes its rounds in a thread of its own from `start` to `close`; `also` is done on each of them."""

    def __init__(
        self, settings: JobSettings, engine: sa.Engine, store: Store, also: Callable[[], None] = lambda: None
    ) -> None:
        self._settings, self._engine, self._store, self._clock = settings, engine, store, SteadyClock()
        self._also = also
        self._is_closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="caretaker", daemon=True)

    def start(self) -> None:
        """Begin with a sweep."""
        self._thread.start()

    def close(self) -> None:
        """End the rounds."""
        self._is_closing.set()
        self._thread.join()

    def sweep(self) -> None:
        """Remove files that belong to nothing: of submissions and attempts that died, of stopped and deleted clips."""
        for job_id, age_s in list(self._store.ages()):
            job = self._row(job_id)
            if job is not None and not job.purged:
                self._sweep_job(job_id, job.state, job.lease)
            elif age_s > ARRIVING_S:
                log.info("files of no job removed", job=job_id)
                self._store.remove(job_id)

    def _sweep_job(self, job_id: str, state: str, lease: str) -> None:
        self._store.clear_old_scratch(job_id, lease)
        if state in {"failed", "cancelled"}:
            for name in (CLIP, POSTER):
                self._store.drop(job_id, name)

    def tend(self) -> None:
        """Remove what was deleted long enough ago, what is too old, and the oldest where there is too much."""
        if self._clock.is_trusted():
            self._forget_old(time.time())
        if self._settings.keep_gb:
            self._purge(jobs.c.id.in_(self._too_much()))

    def _forget_old(self, now: float) -> None:
        self._purge(jobs.c.deleted < now - UNDO_S)
        self._purge(jobs.c.state.in_(["failed", "cancelled"]), jobs.c.ended < now - FAILED_S)
        if self._settings.keep_days:
            self._purge(_forgettable(), jobs.c.ended < now - self._settings.keep_days * DAY_S)

    def _run(self) -> None:
        self._quietly(self.sweep)
        while not self._is_closing.wait(LOOK_S):
            for work in (self.tend, self.sweep, self._also):
                self._quietly(work)

    def _quietly(self, work: Callable[[], None]) -> None:
        try:
            work()
        except StillmotionError as error:
            log.warning("store not tidied", why=str(error))
        except Exception:  # tidying must not end while the studio goes on
            log.exception("store not tidied")

    def _purge(self, *wanted: sa.ColumnElement[bool]) -> None:
        with in_plain_words(), self._engine.connect() as connection:
            found = connection.execute(sa.select(jobs.c.id).where(*wanted, jobs.c.purged.is_(False))).scalars().all()
        for job_id in found:
            # the table first: a clip that is shown is there
            gone = {"purged": True, "deleted": sa.func.coalesce(jobs.c.deleted, time.time())}
            with in_plain_words(), self._engine.begin() as connection:
                connection.execute(jobs.update().where(jobs.c.id == job_id).values(**gone))
            with suppress(StillmotionError):
                self._store.remove(job_id)

    def _too_much(self) -> list[str]:
        """The oldest clips above the quota."""
        kept, too_much = 0, []
        with in_plain_words(), self._engine.connect() as connection:
            query = sa.select(jobs.c.id, jobs.c.bytes, jobs.c.favourite).where(jobs.c.state == "done")
            for row in connection.execute(query.where(jobs.c.purged.is_(False)).order_by(jobs.c.ended.desc())):
                kept += row.bytes
                if kept > self._settings.keep_gb * GB and not row.favourite:
                    too_much.append(row.id)
        return too_much

    def _row(self, job_id: str) -> Any:
        with in_plain_words(), self._engine.connect() as connection:
            query = sa.select(jobs.c.state, jobs.c.lease, jobs.c.purged).where(jobs.c.id == job_id)
            return connection.execute(query).one_or_none()


def _forgettable() -> sa.ColumnElement[bool]:
    return jobs.c.state.in_(["done", "failed", "cancelled"]) & jobs.c.favourite.is_(False)
