"""Keeps the store tidy: what a crash left behind, what was deleted, what is too old or too much."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
import structlog

from jobs.files import forget_old
from jobs.kept_exports import KeptExports
from jobs.schema import in_plain_words, jobs
from jobs.scratch import FOLDER, Scratch
from jobs.settings import GB, JobSettings
from jobs.steady_clock import SteadyClock
from jobs.store import Store
from jobs.sweep import DAY_FORMAT, UNMADE, Sweep, drop_clip
from pipelines.errors import StillmotionError

log = structlog.get_logger("jobs")

UNDO_S = 600.0
"""Seconds for which a deleted clip can be brought back."""

LOOK_S = 30.0
"""Seconds between two rounds."""

DAY_S = 86_400.0

FAILED_S = 7 * DAY_S
"""Seconds for which the still of a job that made no clip is kept: it can be tried again meanwhile."""

ASIDE_S = 30 * DAY_S
"""Seconds for which files that no job has are kept aside: somebody will have missed them by then."""

UPLOADS = "uploads"
"""The folder in the data folder for uploads: a folder for each visitor, and in it one for each upload."""

UPLOAD_S = DAY_S
"""Seconds for which an upload is kept, aborted ones too: a still is copied when its job is taken."""

OVERLAP_S = 120.0
"""Seconds by which a round looks further back than the last one: a job's end is noted by its worker's clock."""

CLOSE_S = 2.0
"""Seconds to wait for the end of a round: what it leaves undone is done by the next one."""


class Caretaker:
    """Makes its rounds in a thread of its own from `start` to `close`; `also` is done on each, `daily` once a day.

    A round looks at what has changed; the whole store is swept at the start and once a day.
    """

    def __init__(
        self,
        settings: JobSettings,
        engine: sa.Engine,
        store: Store,
        also: Callable[[], None] = lambda: None,
        daily: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings, self._engine, self._store, self._clock = settings, engine, store, SteadyClock()
        self._scratch, self._exports = Scratch(settings.data / FOLDER), KeptExports(settings.data)
        self._also, self._daily = also, daily
        self._is_closing = threading.Event()
        self._sweep = Sweep(engine, store, self._is_closing.is_set)
        self._thread = threading.Thread(target=self._run, name="caretaker", daemon=True)
        self._looked = time.time()
        self._next_sweep = 0.0

    def start(self) -> None:
        """Begin with a sweep."""
        self._thread.start()

    def close(self) -> None:
        """End the rounds, in the middle of one where it must be."""
        self._is_closing.set()
        self._thread.join(CLOSE_S)

    @property
    def sentence(self) -> str:
        """Why the store is not tidied; empty where it is."""
        return self._sweep.sentence

    def sweep(self) -> None:
        """Look at all of the store; see `jobs.sweep`."""
        self._scratch.sweep(self._lease_of)
        self._sweep.run()

    def tend(self) -> None:
        """Remove what was deleted long enough ago, what is too old, and the oldest where there is too much."""
        if self.sentence:
            return
        if self._clock.is_trusted():
            self._forget_old(time.time())
        if self._settings.keep_gb:
            self._purge(jobs.c.id.in_(self._too_much()))

    def round(self) -> None:
        """Everything but the sweep; what cannot be done is in the log."""
        for work in (self.tend, self._tidy, self._tidy_exports, self._also):
            self._quietly(work)

    def _tidy(self) -> None:
        """What stopped jobs and lost attempts have left since the last round."""
        begun = time.time()
        self._scratch.sweep(self._lease_of)
        ended = (jobs.c.state.in_(UNMADE), jobs.c.ended > self._looked - OVERLAP_S, jobs.c.purged.is_(False))
        for job_id in self._ids(*ended):
            drop_clip(self._store, job_id)
        self._looked = begun

    def _tidy_exports(self) -> None:
        if self._clock.is_trusted():
            self._exports.tidy(self._settings.exports_gb * GB)
            forget_old(self._settings.data / UPLOADS, UPLOAD_S)

    def _forget_old(self, now: float) -> None:
        self._purge(jobs.c.deleted < now - UNDO_S)
        self._purge(jobs.c.state.in_(UNMADE), jobs.c.ended < now - FAILED_S)
        if self._settings.keep_days:
            self._purge(_forgettable(), jobs.c.ended < now - self._settings.keep_days * DAY_S)

    def _run(self) -> None:
        while True:
            if time.monotonic() >= self._next_sweep and all(map(self._quietly, (self.sweep, self._forget))):
                self._next_sweep = time.monotonic() + DAY_S
            self.round()
            if self._is_closing.wait(LOOK_S):
                return

    def _quietly(self, work: Callable[[], None]) -> bool:
        """Whether the work was done."""
        if self._is_closing.is_set():
            return False
        try:
            work()
        except StillmotionError as error:
            log.warning("store not tidied", why=str(error))
        except Exception:  # tidying must not end while the studio goes on
            log.exception("store not tidied")
        else:
            return True
        return False

    def _forget(self) -> None:
        if self._clock.is_trusted():
            self._forget_aside()
            self._daily()

    def _forget_aside(self) -> None:
        """What nobody has missed goes, by the day on which it was set aside."""
        oldest = time.strftime(DAY_FORMAT, time.localtime(time.time() - ASIDE_S))
        for day in {day for day, _ in self._store.asides() if day < oldest}:
            log.warning("files of no job removed", set_aside=day)
            self._store.remove_aside(day)

    def _purge(self, *wanted: sa.ColumnElement[bool]) -> None:
        for job_id in self._ids(*wanted, jobs.c.purged.is_(False)):
            # the table first: a clip that is shown is there
            gone = {"purged": True, "deleted": sa.func.coalesce(jobs.c.deleted, time.time())}
            with in_plain_words(), self._engine.begin() as connection:
                connection.execute(jobs.update().where(jobs.c.id == job_id).values(**gone))
            with suppress(StillmotionError):
                self._store.remove(job_id)
            self._exports.forget(job_id)

    def _too_much(self) -> sa.Select[Any]:
        """The oldest clips above the quota."""
        newest_first = sa.func.sum(jobs.c.bytes).over(order_by=jobs.c.ended.desc())
        kept = (
            sa.select(jobs.c.id, jobs.c.favourite, newest_first.label("kept"))
            .where(jobs.c.state == "done", jobs.c.purged.is_(False))
            .subquery()
        )
        is_above = kept.c.kept > self._settings.keep_gb * GB
        return sa.select(kept.c.id).where(is_above, kept.c.favourite.is_(False))

    def _lease_of(self, job_id: str) -> str:
        with in_plain_words(), self._engine.connect() as connection:
            return connection.execute(sa.select(jobs.c.lease).where(jobs.c.id == job_id)).scalar() or ""

    def _ids(self, *wanted: sa.ColumnElement[bool]) -> list[str]:
        with in_plain_words(), self._engine.connect() as connection:
            return list(connection.execute(sa.select(jobs.c.id).where(*wanted)).scalars())


def _forgettable() -> sa.ColumnElement[bool]:
    return jobs.c.state.in_(["done", *UNMADE]) & jobs.c.favourite.is_(False)
