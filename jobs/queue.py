"""The queue: what the page asks for work. One worker process, first come, first served."""

from __future__ import annotations

import shutil
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import structlog

from jobs.job import Job, JobFolder, new_id
from jobs.pace import Pace
from jobs.worker_process import WorkerProcess
from pipelines.errors import InputError, StillmotionError, WorkerError
from pipelines.request import MotionRequest

log = structlog.get_logger("jobs")

WORKER_DIED = WorkerError(
    "The worker stopped in the middle of this clip.", "Start it again; a smaller size needs less."
)


class JobQueue(Protocol):
    """What a queue can do. `get` and `watch` raise `InputError` for an id that does not exist."""

    def submit(self, still: Path, request: MotionRequest) -> str:
        """Accept a job and return its id. The still is copied; a seed is drawn."""
        ...

    def get(self, job_id: str) -> Job:
        """The job as it is now."""
        ...

    def watch(self, job_id: str) -> Iterator[Job]:
        """The job now, then at each change, up to and including its end."""
        ...

    def cancel(self, job_id: str) -> None:
        """Stop a job: at once where it waits, within one step or chunk where it runs. Ended jobs stay as they are."""
        ...

    def folder(self, job_id: str) -> JobFolder:
        """Where the job's files are."""
        ...

    def estimate(self, request: MotionRequest) -> float | None:
        """Seconds that a clip will take on this machine, or None where nothing is known yet."""
        ...


class LocalQueue:
    """Implements `JobQueue` on one machine. Ended jobs outlive the server; waiting ones do not."""

    def __init__(self, root: Path, warm_model: str | None = None) -> None:
        self._root, self._warm_model = root, warm_model
        self._changed = threading.Condition()
        self._jobs: dict[str, Job] = {}
        self._waiting: deque[str] = deque()
        self._cancelled: set[str] = set()
        self._pace = Pace(root / "pace.json")
        self._worker: WorkerProcess | None = None
        self._closed = False
        self._dispatcher = threading.Thread(target=self._dispatch, daemon=True)
        self._dispatcher.start()

    def submit(self, still: Path, request: MotionRequest) -> str:
        job = Job(new_id(), request.with_seed())
        folder = self.folder(job.id)
        folder.path.mkdir(parents=True)
        shutil.copyfile(still, folder.still)
        with self._changed:
            self._jobs[job.id] = job
            self._waiting.append(job.id)
            self._number_waiting()
        return job.id

    def get(self, job_id: str) -> Job:
        with self._changed:
            job = self._jobs.get(job_id)
        return job or self._remembered(job_id)

    def watch(self, job_id: str) -> Iterator[Job]:
        seen = self.get(job_id)
        yield seen
        while not seen.has_ended:
            with self._changed:
                self._changed.wait_for(lambda last=seen: self._jobs[job_id] != last)  # type: ignore[misc]
                seen = self._jobs[job_id]
            yield seen

    def cancel(self, job_id: str) -> None:
        job = self.get(job_id)
        with self._changed:
            if job_id in self._waiting:
                self._waiting.remove(job_id)
                self._end(replace(job, state="cancelled", position=None))
                self._number_waiting()
                return
            running = self._jobs[job_id].state == "running" if job_id in self._jobs else False
            self._cancelled.add(job_id)
        if running and self._worker is not None:
            self._worker.cancel(job_id)

    def folder(self, job_id: str) -> JobFolder:
        return JobFolder(self._root / "jobs" / job_id)

    def estimate(self, request: MotionRequest) -> float | None:
        return self._pace.estimate(request)

    @property
    def worker_pid(self) -> int | None:
        """The worker's process id while it lives."""
        return self._worker.pid if self._worker is not None and self._worker.is_alive else None

    def close(self) -> None:
        """End the worker and take no more jobs."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._worker is not None:
            self._worker.end()
        self._dispatcher.join()

    def _dispatch(self) -> None:
        """Gives waiting jobs to the worker, one at a time, until closed."""
        if self._warm_model is not None:
            self._warm_up(self._warm_model)
        while (job := self._next()) is not None:
            try:
                self._run(job)
            except Exception as error:  # the queue goes on whatever became of one job
                log.exception("job failed", job=job.id)
                sentence = str(error if isinstance(error, StillmotionError) else WORKER_DIED)
                self._settle(replace(job, state="failed", sentence=sentence))
            self._cancelled.discard(job.id)

    def _warm_up(self, model: str) -> None:
        try:
            self._live_worker().order({"warm": model})
        except (WorkerError, OSError):
            log.exception("worker did not start")

    def _next(self) -> Job | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if self._closed:
                return None
            job = replace(self._jobs[self._waiting.popleft()], state="running", position=None)
            self._jobs[job.id] = job
            self._number_waiting()
            return job

    def _run(self, job: Job) -> None:
        if job.id in self._cancelled:
            self._settle(replace(job, state="cancelled"))
            return
        begun = time.monotonic()
        message = {"job": job.id, "folder": str(self.folder(job.id).path), "request": job.request.model_dump()}
        for event in self._live_worker().work(message):
            self._hear(job.id, event, time.monotonic() - begun)
        job = self.get(job.id)
        if job.has_ended:
            return
        if job.id in self._cancelled:
            self._settle(replace(job, state="cancelled"))
        else:
            self._settle(replace(job, state="failed", sentence=str(WORKER_DIED)))

    def _live_worker(self) -> WorkerProcess:
        if self._worker is None or not self._worker.is_alive:
            self._worker = WorkerProcess()
        return self._worker

    def _hear(self, job_id: str, event: dict[str, Any], elapsed: float) -> None:
        job = self.get(job_id)
        if event["event"] == "step":
            seen = {name: event[name] for name in ("stage", "step", "total", "previews")}
            expected = self._pace.estimate(job.request)
            remaining = None if expected is None else max(0.0, expected - elapsed)
            self._change(replace(job, **seen, remaining_s=remaining))
            return
        ended = replace(job, state=event["event"], seconds=event["seconds"], remaining_s=None)
        ended = replace(ended, sentence=event.get("sentence", ""), facts=event.get("facts", {}))
        if ended.state == "done":
            self._pace.learn(job.request, ended.seconds)
        self._settle(ended)

    def _change(self, job: Job) -> None:
        with self._changed:
            self._jobs[job.id] = job
            self._changed.notify_all()

    def _settle(self, job: Job) -> None:
        with self._changed:
            self._end(job)

    def _end(self, job: Job) -> None:
        """Writes an ended job down before anybody hears of it; the lock is held."""
        self.folder(job.id).record.write_text(job.to_json())
        self._jobs[job.id] = job
        self._changed.notify_all()

    def _number_waiting(self) -> None:
        """Tells each waiting job its place; the lock is held."""
        for place, waiting in enumerate(self._waiting, start=1):
            self._jobs[waiting] = replace(self._jobs[waiting], position=place)
        self._changed.notify_all()

    def _remembered(self, job_id: str) -> Job:
        record = self.folder(job_id).record
        if not job_id.isalnum() or not record.is_file():
            raise InputError("There is no such clip here.", "It may have been deleted, or the address is incomplete.")
        return Job.from_json(record.read_text())
