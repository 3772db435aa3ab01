"""The queue that outlives the page, the worker and the server: a database, a store of files, and workers anywhere."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog

from jobs.admission import Admission
from jobs.beats import Watch
from jobs.caretaker import Caretaker
from jobs.dispatch import CARRIED_S, Dispatch
from jobs.forecast import Forecast
from jobs.further import files_of, names_of
from jobs.glance import Glance
from jobs.job import CHECKPOINT, NAMELESS, STILL, Job, new_id
from jobs.ledger import DELETED, NO_SUCH_JOB, Ledger
from jobs.old_rows import OldRows
from jobs.own_order import OwnOrder
from jobs.owners import hand_over, has_any
from jobs.pace import Pace
from jobs.queue import Health, Turn
from jobs.schema import open_database
from jobs.settings import JobSettings
from jobs.store import check_room
from jobs.stores import open_store
from jobs.supervisor import Supervisor
from pipelines.errors import RequestError, StillError, StillmotionError, StoreError, UnknownJob, WorkerError
from pipelines.request import MotionRequest

log = structlog.get_logger("jobs")

WATCH_S = 0.1
"""Seconds between looks at a job that is watched."""

ANSWER_S = 30.0
"""Seconds for a worker to answer: a sleeping one on a busy machine takes ten to be there."""

INSTEAD = "Try again in a moment, or draw around the thing by hand."


class DurableQueue:
    """Implements `jobs.queue.JobQueue`. With `has_workers`, it starts and supervises workers on this machine."""

    def __init__(self, settings: JobSettings, has_workers: bool = True) -> None:
        self._settings = settings
        self._store = open_store(settings)
        self._engine: sa.Engine = open_database(settings.url)
        self._dispatch = Dispatch(self._engine)
        self._ledger, self._pace = Ledger(self._engine), Pace(self._engine)
        self._forecast = Forecast(self._engine, self._ledger, self._pace)
        self._admission = Admission(settings, self._engine, self._dispatch, self._forecast)
        self._own_order = OwnOrder(self._engine, self._dispatch)
        self._caretaker = Caretaker(settings, self._engine, self._store, self._hand_in_forgotten, self._forget_rows)
        self.supervisor = Supervisor(settings, self._engine) if has_workers else None
        self._watch = Watch(self._engine)

    def start(self) -> None:
        """Start the workers and the rounds of the caretaker."""
        self._caretaker.start()
        if self.supervisor is not None:
            self.supervisor.start()

    def close(self) -> None:
        """End the workers: what they do is gone on with at the next start."""
        if self.supervisor is not None:
            self.supervisor.close()
        self._caretaker.close()
        self._dispatch.close()
        self._engine.dispose()

    @property
    def worker_pids(self) -> Sequence[int]:
        """The process ids of this machine's workers that live."""
        found = () if self.supervisor is None else map(self.supervisor.pid, self.supervisor.names)
        return [pid for pid in found if pid is not None]

    @property
    def engine(self) -> sa.Engine:
        """The database, for figures about the queue."""
        return self._engine

    def submit(
        self,
        still: Path,
        request: MotionRequest,
        user: str = "",
        name: str = NAMELESS,
        further: Iterable[Path] = (),
    ) -> str:
        """See `JobQueue.submit`."""
        if not _is_file(still):
            raise StillError("There is no such picture.", "Upload it again.")
        files = {STILL: still} | files_of(request, filter(_is_file, further))
        return self._enter(Job(new_id(), request.with_seed(), name=name), user, files)

    def expect(self, glance: Glance | None = None) -> None:
        """See `JobQueue.expect`."""
        if self.supervisor is not None:
            self.supervisor.expect(glance)

    def ask(self, kind: str, what: Mapping[str, Any]) -> Mapping[str, Any]:
        """See `JobQueue.ask`."""
        if self.supervisor is None:
            raise WorkerError("The workers are on other machines, where this picture is not yet.", INSTEAD)
        if self.supervisor.sentence:
            raise WorkerError(self.supervisor.sentence)
        asked = self.supervisor.ask(kind, what)
        try:
            answer = asked.result(ANSWER_S)
        except TimeoutError as error:
            asked.cancel()
            raise WorkerError("The worker has too much to do to answer.", INSTEAD) from error
        if "sentence" in answer:
            raise (StillError if answer["is_input"] else WorkerError)(answer["sentence"], answer["remedy"])
        return answer

    def again(self, job_id: str, request: MotionRequest, user: str) -> str:
        """See `JobQueue.again`."""
        new = Job(new_id(), request.with_seed(), name=self._ledger.get(job_id).name)
        return self._enter(new, user, self._stills(job_id, user))

    def decode_again(self, job_id: str, request: MotionRequest, user: str) -> str:
        """See `JobQueue.decode_again`."""
        stills, old = self._stills(job_id, user), self._ledger.get(job_id)
        if not old.has_sampling:
            raise RequestError("This clip cannot be decoded again: its sampling was not kept.", "Animate it anew.")
        new = Job(new_id(), request, has_sampling=True, name=old.name)
        return self._enter(new, user, stills | {CHECKPOINT: self._store.fetch(job_id, CHECKPOINT)})

    def get(self, job_id: str) -> Job:
        """See `JobQueue.get`."""
        job = self._ledger.get(job_id)
        return job if job.has_ended else self._forecast.of(job)

    def watch(self, job_id: str) -> Iterator[Job]:
        """See `JobQueue.watch`."""
        seen = self.get(job_id)
        yield seen
        while not seen.has_ended:
            time.sleep(WATCH_S)
            job = self.get(job_id)
            if job != seen:
                seen = job
                yield job

    def list(self, user: str, search: str = "", favourites: bool = False, before: float | None = None) -> Sequence[Job]:
        """See `JobQueue.list`."""
        return self._ledger.finished(user, search, favourites, before)

    def has_any(self, user: str) -> bool:
        """See `JobQueue.has_any`."""
        return has_any(self._engine, user)

    def hand_over(self, user: str, other: str) -> None:
        """See `JobQueue.hand_over`."""
        hand_over(self._engine, user, other)

    def turns(self, user: str) -> Sequence[Turn]:
        """See `JobQueue.turns`."""
        mine = self._ledger.owned(user)
        return [
            Turn(job.state == "running", self._forecast.of(job) if job.id in mine else None)
            for job in self._ledger.under_way()
        ]

    def make_next(self, job_id: str, user: str) -> None:
        """See `JobQueue.make_next`."""
        self._ledger.check_owner(job_id, user)
        self._own_order.make_next(job_id, user)

    def cancel(self, job_id: str, user: str = "") -> None:
        """See `JobQueue.cancel`."""
        self._ledger.check_owner(job_id, user)
        self._ledger.ask_to_cancel(job_id)
        if self._ledger.get(job_id).has_ended:
            with suppress(StoreError):
                self._dispatch.withdraw(job_id)

    def entitle(self, job_id: str, user: str, title: str) -> None:
        """See `JobQueue.entitle`."""
        self._ledger.check_owner(job_id, user)
        self._ledger.set_title(job_id, title)

    def favour(self, job_id: str, user: str, is_favourite: bool) -> None:
        """See `JobQueue.favour`."""
        self._ledger.check_owner(job_id, user)
        self._ledger.set_favourite(job_id, is_favourite)

    def delete(self, job_id: str, user: str) -> None:
        """See `JobQueue.delete`."""
        self.cancel(job_id, user)
        self._ledger.set_deleted(job_id, True)

    def restore(self, job_id: str, user: str) -> None:
        """See `JobQueue.restore`."""
        self._ledger.check_owner(job_id, user)
        self._ledger.set_deleted(job_id, False)
        if self._ledger.get(job_id).is_deleted:
            raise UnknownJob(*NO_SUCH_JOB)

    def file(self, job_id: str, name: str) -> Path:
        """See `JobQueue.file`."""
        self._check_there(job_id)
        return self._store.fetch(job_id, name)

    def still(self, job_id: str, user: str) -> Path:
        """See `JobQueue.still`."""
        self._ledger.check_owner(job_id, user)
        return self.file(job_id, STILL)

    def further(self, job_id: str, user: str) -> Sequence[Path]:
        """See `JobQueue.further`."""
        self._ledger.check_owner(job_id, user)
        found = []
        for name in dict.fromkeys(names_of(self._ledger.get(job_id).request)):
            with suppress(UnknownJob):
                found.append(self.file(job_id, name))
        return found

    def _stills(self, job_id: str, user: str) -> dict[str, Path]:
        """The files of the stills of a job, by name."""
        request = self._ledger.get(job_id).request
        return {STILL: self.still(job_id, user)} | files_of(request, self.further(job_id, user))

    def estimate(self, request: MotionRequest) -> float | None:
        """See `JobQueue.estimate`."""
        return self._pace.estimate(request)

    def health(self) -> Health:
        """See `JobQueue.health`."""
        if self.supervisor is not None and self.supervisor.sentence:
            return Health([self.supervisor.sentence])
        try:
            self._store.check()
            check_room(self._store, self._settings.free_gb)
            is_alive = bool(self._watch.living())
        except StillmotionError as error:
            return Health([str(error)])
        warnings = [self._caretaker.sentence, self.supervisor.warning if self.supervisor is not None else ""]
        obstacles = [] if is_alive else ["No worker is there yet. Jobs wait until one is."]
        return Health(obstacles, [*filter(None, warnings)])

    def _check_there(self, job_id: str) -> None:
        if self._ledger.get(job_id).is_deleted:
            raise UnknownJob(*DELETED)

    def _hand_in_forgotten(self) -> None:
        """A waiting job that no queue carries would wait for ever; nothing known leads there, and nothing should."""
        for job_id in self._dispatch.hand_in_forgotten(self._ledger.turns_of_waiting()):
            log.warning("job handed in again", job=job_id)

    def _forget_rows(self) -> None:
        """Once a day, and only while the clock is believed."""
        now = time.time()
        counts = {"jobs": OldRows(self._engine).forget(now), "entries": self._dispatch.forget(now - CARRIED_S)}
        log.info("old rows removed", **counts)

    def _enter(self, job: Job, user: str, files: dict[str, Path]) -> str:
        """Files first, then the table: a job that is accepted has all it needs."""
        self._admission.check(user)
        self._store.check()
        check_room(self._store, self._settings.free_gb)
        try:
            for name, source in files.items():
                self._store.take_in(job.id, name, source)
            self._admission.admit(replace(job, created=time.time()), user)
        except StillmotionError:
            with suppress(StillmotionError):
                self._store.remove(job.id)
            raise
        if self.supervisor is not None:
            self.supervisor.call()
        log.info("job accepted", job=job.id, model=job.request.model)
        return job.id


def _is_file(path: Path) -> bool:
    """Not so for a pipe or a device, which would be read for ever, and for a name that no file can have."""
    try:
        return path.is_file()
    except OSError:
        return False
