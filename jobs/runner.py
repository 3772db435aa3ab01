"""Runs jobs one after another, in a worker that is started when it is needed and replaced when it is gone."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import structlog

from jobs.job import UNEXPECTED, Job, JobFolder
from jobs.pace import Pace
from jobs.stop import Stop
from jobs.worker_process import WorkerProcess
from pipelines.errors import Cancelled, StillmotionError, WorkerError

log = structlog.get_logger("jobs")


class Runner:
    """Belongs to one thread; `worker_pid` is for all."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._worker: WorkerProcess | None = None

    @property
    def worker_pid(self) -> int | None:
        """The worker's process id while it lives."""
        worker = self._worker
        return worker.pid if worker is not None and worker.is_alive else None

    def warm_up(self, model: str) -> None:
        """Have the worker load a model before the first job asks for it."""
        try:
            self._live_worker().order({"warm": model})
        except WorkerError:  # the first job will say what is wrong
            log.exception("worker did not start")

    def run(self, job: Job, folder: JobFolder, tell: Callable[[Job], None], stop: Stop) -> Job:
        """The job as it ended, however it did; `tell` hears of every step before."""
        begun = time.monotonic()
        order = {"job": job.id, "folder": str(folder.path), "request": job.request.model_dump()}
        try:
            for event in self._live_worker().work(order, stop):
                job = self._after(job, event)
                if not job.has_ended:
                    tell(job)
        except Cancelled:
            job = replace(job, state="cancelled")
        except StillmotionError as error:
            job = replace(job, state="failed", sentence=str(error))
        except Exception:  # the queue goes on whatever became of one job
            log.exception("job failed", job=job.id)
            self.close()
            job = replace(job, state="failed", sentence=UNEXPECTED)
        return replace(job, seconds=round(time.monotonic() - begun, 3), remaining_s=None)

    def close(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.end()

    def _live_worker(self) -> WorkerProcess:
        if self._worker is None or not self._worker.is_alive:
            self.close()
            self._worker = WorkerProcess()
        return self._worker

    def _after(self, job: Job, event: dict[str, Any]) -> Job:
        if event["event"] == "step":
            job = replace(job, **{name: event[name] for name in ("stage", "step", "total", "previews")})
            return replace(job, remaining_s=self._pace.remaining(job.request, event["elapsed_s"], job.share))
        if event["event"] == "done":
            self._pace.learn(job.request, event["elapsed_s"])
        return replace(job, state=event["event"], sentence=event.get("sentence", ""), facts=event.get("facts", {}))
