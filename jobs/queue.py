"""The queue: what the page asks for work. One worker process, first come, first served."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from jobs.job import Job, JobFolder, new_id
from jobs.pace import Pace
from jobs.records import CLOSED, closed, open_folder
from jobs.runner import Runner
from jobs.stop import Stop
from jobs.table import JobTable
from pipelines.errors import Cancelled, WorkerError
from pipelines.request import MotionRequest

CANCEL_GRACE_S = 10.0
"""Seconds that a stopped job has to come to the end of its step; then its worker is killed, and a new one has to load
the model again, which takes longer than nearly every step on a GPU and every step of the built-in model."""


class JobQueue(Protocol):
    """What a queue can do. Every method that takes an id raises `InputError` where there is no such job."""

    def submit(self, still: Path, request: MotionRequest) -> str:
        """Accept a job and return its id. The still is copied; a seed is drawn.

        Raises `StillError` where there is no such picture and `ClipError` where it cannot be stored.
        """
        ...

    def get(self, job_id: str) -> Job:
        """The job as it is now."""
        ...

    def watch(self, job_id: str) -> Iterator[Job]:
        """The job now, then whenever it has changed, up to and including its end. Any number may watch."""
        ...

    def cancel(self, job_id: str) -> None:
        """Stop a job: at once where it waits, within one step or chunk where it runs, by force where that takes long.

        Ended jobs stay as they are.
        """
        ...

    def folder(self, job_id: str) -> JobFolder:
        """Where the job's files are; raises `InputError` only where `job_id` does not have the form of an id."""
        ...

    def estimate(self, request: MotionRequest) -> float | None:
        """Seconds that a clip will take on this machine, or None where nothing is known yet."""
        ...


class LocalQueue:
    """Implements `JobQueue` on one machine. Ended jobs outlive the server; those under way fail with it."""

    def __init__(self, root: Path, warm_model: str | None = None) -> None:
        root = root.resolve()
        pace = Pace(root / "pace.json")
        self._table, self._pace, self._runner = JobTable(root / "jobs"), pace, Runner(pace)
        self._changed = self._table.changed
        self._waiting: deque[Job] = deque()
        self._running: tuple[str, Stop] = ("", Stop())
        self._is_closed = False
        self._thread = threading.Thread(target=self._work_off, args=(warm_model,), name="queue", daemon=True)
        self._thread.start()

    def submit(self, still: Path, request: MotionRequest) -> str:
        """See `JobQueue.submit`."""
        job = Job(new_id(), request.with_seed())
        open_folder(self.folder(job.id), still, job)
        with self._changed:
            if self._is_closed:
                self._table.end(closed(job))
            else:
                self._waiting.append(job)
                self._number_waiting()
        return job.id

    def get(self, job_id: str) -> Job:
        """See `JobQueue.get`."""
        return self._table.get(job_id)

    def watch(self, job_id: str) -> Iterator[Job]:
        """See `JobQueue.watch`."""
        return self._table.watch(job_id)

    def cancel(self, job_id: str) -> None:
        """See `JobQueue.cancel`."""
        self.get(job_id)
        with self._changed:
            running, stop = self._running
            if running == job_id:
                stop.ask(Cancelled(), CANCEL_GRACE_S)
            for job in [job for job in self._waiting if job.id == job_id]:
                self._waiting.remove(job)
                self._table.end(replace(job, state="cancelled"))
                self._number_waiting()

    def folder(self, job_id: str) -> JobFolder:
        """See `JobQueue.folder`."""
        return self._table.folder(job_id)

    def estimate(self, request: MotionRequest) -> float | None:
        """See `JobQueue.estimate`."""
        return self._pace.estimate(request)

    @property
    def worker_pid(self) -> int | None:
        """The worker's process id while it lives."""
        return self._runner.worker_pid

    def close(self) -> None:
        """End the worker; jobs that had not ended have failed, as have those that are submitted later."""
        with self._changed:
            self._is_closed = True
            while self._waiting:
                self._table.end(closed(self._waiting.popleft()))
            self._running[1].ask(WorkerError(*CLOSED), grace_s=0)
            self._changed.notify_all()
        self._thread.join()

    def _work_off(self, warm_model: str | None) -> None:
        """Runs waiting jobs, one at a time, until closed."""
        if warm_model is not None:
            self._runner.warm_up(warm_model)
        while (job := self._next()) is not None:
            stop = self._running[1]
            self._table.end(self._runner.run(job, self.folder(job.id), self._table.put, stop))
        self._runner.close()

    def _next(self) -> Job | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closed)
            if self._is_closed:
                return None
            job = replace(self._waiting.popleft(), state="running")
            self._running = (job.id, Stop())
            self._table.put(job)
            self._number_waiting()
            return job

    def _number_waiting(self) -> None:
        """Tells each waiting job its place; the lock is held. A waiting job itself has none."""
        for place, job in enumerate(self._waiting, start=1):
            self._table.put(replace(job, position=place))
