"""The job table as a worker sees it. Only the newest attempt at a job holds its lease, and only who holds it writes.

A worker that was taken for dead and is not, after a long sleep say, finds its lease gone and stops: no job ends twice.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from jobs.schema import in_plain_words, jobs
from pipelines.errors import Cancelled, StillmotionError
from pipelines.request import MotionRequest

MAX_ATTEMPTS = 2
"""Attempts that may end with the death of a worker: a job that has killed two would kill the third."""

DEADLY = (
    "This clip has stopped the worker twice, most likely because memory ran out.",
    "Choose a smaller size or fewer frames.",
)


class LeaseLost(StillmotionError):
    """Another worker has this job now, or it has ended: whatever this one still makes of it counts for nothing."""

    def __init__(self) -> None:
        super().__init__("Another worker has taken this job over.")


@dataclass(frozen=True)
class Claim:
    """A job that this worker has; `attempt` counts from 1; `has_sampling`: an earlier one has finished sampling."""

    id: str
    lease: str
    request: MotionRequest
    attempt: int
    has_sampling: bool = False


class Claims:
    """What one worker does with the table. Every method but `take` raises `LeaseLost`, and all raise `StoreError`."""

    def __init__(self, engine: sa.Engine, worker: str) -> None:
        self._engine, self._worker = engine, worker

    def take(self, job_id: str) -> Claim | None:
        """Begin an attempt at a waiting job; None where it waits no more: it was stopped, or has killed two workers."""
        lease = secrets.token_hex(8)
        taken = {"state": "running", "worker": self._worker, "lease": lease, "attempts": jobs.c.attempts + 1}
        fresh = {"stage": "", "step": 0, "total": 0, "remaining_s": None}
        begun = sa.func.coalesce(jobs.c.started, time.time())
        mine = (jobs.c.id == job_id, jobs.c.state == "queued")
        row = self._returning(jobs.update().where(*mine).values(**taken, **fresh, started=begun).returning(jobs))
        if row is None:
            return None
        claim = Claim(row.id, lease, _request(row), row.attempts, row.has_sampling)
        if row.cancel:
            self.end(claim, state="cancelled")
        elif row.attempts > MAX_ATTEMPTS:
            self.end(claim, state="failed", sentence=" ".join(DEADLY))
        else:
            return claim
        return None

    def state(self, job_id: str) -> tuple[str, str]:
        """The state of a job, and who holds its lease; both empty where there is no such job."""
        with in_plain_words(), self._engine.connect() as connection:
            row = connection.execute(sa.select(jobs.c.state, jobs.c.lease).where(jobs.c.id == job_id)).one_or_none()
        return ("", "") if row is None else (row.state, row.lease)

    def check(self, claim: Claim) -> None:
        """Raises `Cancelled` where the person has stopped the job."""
        with in_plain_words(), self._engine.connect() as connection:
            row = connection.execute(sa.select(jobs.c.cancel).where(*_held(claim))).one_or_none()
        if row is None:
            raise LeaseLost
        if row.cancel:
            raise Cancelled

    def note(self, claim: Claim, **values: Any) -> None:
        """Write down how far the job is."""
        self._write(claim, values)

    def end(self, claim: Claim, **values: Any) -> None:
        """The one end of a job; `state` is one of `jobs.job.ENDS`."""
        now = time.time()
        with in_plain_words(), self._engine.connect() as connection:
            started = connection.execute(sa.select(jobs.c.started).where(jobs.c.id == claim.id)).scalar() or now
        took = round(max(0.0, now - started), 3)
        self._write(claim, {"ended": now, "seconds": took, "remaining_s": None, "lease": "", **values})

    def hand_back(self, claim: Claim, is_blameless: bool, decode_chunk: int = 0) -> None:
        """The job waits again; an attempt that is not to blame does not count. The queue has to be told as well."""
        values: dict[str, Any] = {"state": "queued", "lease": "", "worker": ""}
        if is_blameless:
            values["attempts"] = jobs.c.attempts - 1
        if decode_chunk:
            values["decode_chunk"] = decode_chunk
        self._write(claim, values)

    def _write(self, claim: Claim, values: dict[str, Any]) -> None:
        if self._returning(jobs.update().where(*_held(claim)).values(**values).returning(jobs.c.id)) is None:
            raise LeaseLost

    def _returning(self, statement: sa.Executable) -> sa.Row[Any] | None:
        with in_plain_words(), self._engine.begin() as connection:
            return connection.execute(statement).one_or_none()


def _held(claim: Claim) -> tuple[sa.ColumnElement[bool], ...]:
    return jobs.c.id == claim.id, jobs.c.lease == claim.lease, jobs.c.state == "running"


def _request(row: sa.Row[Any]) -> MotionRequest:
    request = MotionRequest.model_validate_json(row.request)
    return request.model_copy(update={"decode_chunk_size": row.decode_chunk}) if row.decode_chunk else request


def released(worker: str) -> sa.Update:
    """The jobs of a dead worker wait again."""
    gone = {"state": "queued", "lease": "", "worker": ""}
    return jobs.update().where(jobs.c.worker == worker, jobs.c.state == "running").values(**gone)
