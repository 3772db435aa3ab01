"""How a job is asked to end before its time."""

from __future__ import annotations

import math
import time

from pipelines.errors import StillmotionError


class Stop:
    """Asks for the end of one job; any thread may ask."""

    def __init__(self) -> None:
        self.reason: StillmotionError | None = None
        self.deadline = math.inf

    def ask(self, reason: StillmotionError, grace_s: float) -> None:
        """Let the job end by itself within `grace_s` seconds, with `reason` as its end; then it is made to."""
        self.deadline = min(self.deadline, time.monotonic() + grace_s)
        self.reason = self.reason or reason
