"""Workers that sleep: with nothing to do a worker ends, and who supervises it starts it again when a job waits.

Until then its supervisor gives its signs of life, so that everybody knows that jobs are taken here.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from contextlib import suppress

import sqlalchemy as sa
import structlog

from jobs.beats import SLEEPING, WAKING, Heart, all_signs, strike_off
from jobs.ledger import Ledger
from pipelines.errors import StoreError

log = structlog.get_logger("jobs")

SLEEP_BEAT_S = 8.0
"""Seconds between the signs of life of a sleeping worker: three in the time after which it would count as dead, and
few enough for a disk to rest."""


class Slumber:
    """The sleeping workers of one supervisor. Belongs to its thread; nothing is raised while the database is away."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine, self._ledger = engine, Ledger(engine)
        self._next_beat = 0.0

    def keep(self, sleeping: Iterable[str]) -> None:
        """Give signs of life for them, where it is time."""
        now = time.monotonic()
        if now < self._next_beat:
            return
        self._next_beat = now + SLEEP_BEAT_S
        for name in sleeping:
            self._sign(name, SLEEPING)

    def to_wake(self, sleeping: Iterable[str], awake: Collection[str], expected: int = 0) -> list[str]:
        """Those that are to be started: as many as there are waiting jobs that no worker awake here is free for.

        `expected` are jobs that will wait soon.
        """
        try:
            waiting = self._ledger.waiting() + expected
            if not waiting:
                return []
            at_work = {sign.worker for sign in all_signs(self._engine) if sign.state == "working"}
        except StoreError:
            log.warning("database away", exc_info=True)
            return []
        free = sum(name not in at_work for name in awake)
        chosen = list(sleeping)[: max(0, waiting - free)]
        for name in chosen:
            self._sign(name, WAKING)
        return chosen

    def end(self, sleeping: Iterable[str]) -> None:
        """Their supervisor ends, and nobody will wake them."""
        for name in sleeping:
            with suppress(StoreError):
                strike_off(self._engine, name)

    def _sign(self, name: str, state: str) -> None:
        try:
            Heart(self._engine, name).beat(state, "", 0)
        except StoreError:
            log.warning("database away", exc_info=True)
