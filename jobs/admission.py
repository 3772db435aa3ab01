"""Who may hand in a job now, and what is said to the others."""

from __future__ import annotations

import sqlalchemy as sa

from jobs.dispatch import Dispatch
from jobs.forecast import Forecast
from jobs.job import Job
from jobs.schema import exclusively, in_plain_words
from jobs.settings import JobSettings
from jobs.turns import Waiting, count_waiting, enter, next_turn
from pipelines.errors import QueueFull


class Admission:
    """The limits on what waits. Raises `QueueFull` and `StoreError`."""

    def __init__(self, settings: JobSettings, engine: sa.Engine, dispatch: Dispatch, forecast: Forecast) -> None:
        self._settings, self._engine, self._dispatch, self._forecast = settings, engine, dispatch, forecast

    def check(self, user: str) -> None:
        """Raises where a job would not be taken now: before its files are copied."""
        with in_plain_words(), self._engine.connect() as connection:
            waiting = count_waiting(connection, user)
        self._refuse_above(waiting)

    def admit(self, job: Job, user: str) -> None:
        """Enter the job in the table and in the queue: both, or neither."""
        with in_plain_words(), exclusively(self._engine) as connection:
            waiting = count_waiting(connection, user)
            if self._has_room(waiting):
                turn = next_turn(connection, user)
                self._dispatch.hand_in(connection, job.id, enter(connection, job, user, turn))
                return
        self._refuse_above(waiting)

    def _has_room(self, waiting: Waiting) -> bool:
        return waiting.mine < self._settings.waiting_per_user and waiting.in_all < self._settings.waiting_in_all

    def _refuse_above(self, waiting: Waiting) -> None:
        if self._has_room(waiting):
            return
        after = self._forecast.next_room_s()
        if waiting.mine >= self._settings.waiting_per_user:
            raise QueueFull(f"You have {waiting.mine} clips waiting, which is as many as one person may.", after)
        raise QueueFull(f"The queue is full: {waiting.in_all} clips are waiting.", after)
