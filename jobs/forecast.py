"""When a job will be done: its own run, and everything before it, as past runs let one think."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from jobs.beats import all_signs
from jobs.job import Job
from jobs.ledger import Ledger
from jobs.pace import Pace

UNKNOWN_RUN_S = 30.0
"""Seconds of a run of which nothing is known: between the built-in model's one and a GPU's sixty."""


class Forecast:
    """Raises `StoreError`."""

    def __init__(self, engine: sa.Engine, ledger: Ledger, pace: Pace) -> None:
        self._engine, self._ledger, self._pace = engine, ledger, pace

    def of(self, job: Job) -> Job:
        """A job that is under way, with its place in the queue and the time until its end."""
        if job.state != "queued":
            return job
        position = self._ledger.position(job)
        under_way = self._ledger.under_way()
        own = self._pace.estimate(job.request)
        if position is None or own is None:
            return replace(job, position=position)
        running = [each for each in under_way if each.state == "running"]
        ahead = [each for each in under_way if each.state == "queued"][: position - 1]
        return replace(job, position=position, remaining_s=own + self._seconds(running + ahead) / self._workers())

    def next_room_s(self) -> float:
        """Seconds until somebody's turn ends and room is made in the queue."""
        running = [each for each in self._ledger.under_way() if each.state == "running"]
        return min((self._left(job) for job in running), default=UNKNOWN_RUN_S)

    def _seconds(self, before: list[Job]) -> float:
        return sum(map(self._left, before))

    def _left(self, job: Job) -> float:
        if job.remaining_s is not None:
            return job.remaining_s
        estimate = self._pace.estimate(job.request)
        return UNKNOWN_RUN_S if estimate is None else estimate

    def _workers(self) -> int:
        return max(1, len(all_signs(self._engine)))
