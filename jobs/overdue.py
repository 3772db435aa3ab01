"""Stops that took too long: jobs that were stopped and whose worker comes to no step."""

from __future__ import annotations

import time

import sqlalchemy as sa

from jobs.schema import in_plain_words, jobs

CANCEL_GRACE_S = 10.0
"""Seconds that a stopped job has to come to the end of its step; then its worker is killed, and a new one has to load
the model again, which takes longer than nearly every step on a GPU and every step of the built-in model."""


class Overdue:
    """Belongs to one thread. Raises `StoreError`."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._asked: dict[str, float] = {}

    def workers(self) -> set[str]:
        """Workers that have had their time to stop."""
        now = time.monotonic()
        stopped = jobs.c.cancel & (jobs.c.state == "running")
        with in_plain_words(), self._engine.connect() as connection:
            rows = connection.execute(sa.select(jobs.c.id, jobs.c.worker).where(stopped)).all()
        self._asked = {row.id: self._asked.get(row.id, now) for row in rows}
        return {row.worker for row in rows if now - self._asked[row.id] >= CANCEL_GRACE_S}
