"""When a job will be done: its own run, and everything before it, as past runs let one think."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import sqlalchemy as sa

from jobs.beats import all_signs
from jobs.job import Job
from jobs.ledger import Ledger
from jobs.pace import Pace, Paces

UNKNOWN_RUN_S = 30.0
"""Seconds of a run of which nothing is known: between the built-in model's one and a GPU's sixty."""

FRESH_S = 1.0
"""Seconds for which one view of the queue serves all who wait: times are told in seconds."""


@dataclass(frozen=True)
class _View:
    """The queue at one moment: seconds left of each running job, and of the first n waiting ones for each n."""

    taken: float
    paces: Paces
    workers: int
    running: Sequence[float]
    waiting: Sequence[float]

    def before(self, position: int) -> float:
        """Seconds until the turn of the job at this position, where all workers share what comes before it."""
        ahead = self.waiting[min(position, len(self.waiting)) - 1]
        return (sum(self.running) + ahead) / self.workers


class Forecast:
    """Thread-safe; raises `StoreError`."""

    def __init__(self, engine: sa.Engine, ledger: Ledger, pace: Pace) -> None:
        self._engine, self._ledger, self._pace = engine, ledger, pace
        self._lock = threading.Lock()
        self._seen: _View | None = None

    def of(self, job: Job) -> Job:
        """A job that is under way, with its place in the queue and the time until its end."""
        if job.state != "queued":
            return job
        position, view = self._ledger.position(job.id), self._view()
        own = view.paces.estimate(job.request)
        if position is None or own is None:
            return replace(job, position=position)
        return replace(job, position=position, remaining_s=own + view.before(position))

    def next_room_s(self) -> float:
        """Seconds until somebody's turn ends and room is made in the queue."""
        return min(self._view().running, default=UNKNOWN_RUN_S)

    def _view(self) -> _View:
        with self._lock:
            if self._seen is None or time.monotonic() - self._seen.taken > FRESH_S:
                self._seen = self._look()
            return self._seen

    def _look(self) -> _View:
        paces, under_way = self._pace.known(), self._ledger.under_way()
        running = [_left(job, paces) for job in under_way if job.state == "running"]
        waiting = accumulate((_left(job, paces) for job in under_way if job.state == "queued"), initial=0.0)
        return _View(time.monotonic(), paces, max(1, len(all_signs(self._engine))), running, list(waiting))


def _left(job: Job, paces: Paces) -> float:
    if job.remaining_s is not None:
        return job.remaining_s
    estimate = paces.estimate(job.request)
    return UNKNOWN_RUN_S if estimate is None else estimate
