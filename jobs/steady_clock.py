"""Whether the system's time may be believed: what is removed by age must not go because somebody set the clock."""

from __future__ import annotations

import time

import structlog

log = structlog.get_logger("jobs")

JUMP_S = 3600.0
"""Seconds by which the time may drift from a clock that nobody can set; no drift of a quartz comes near it."""

DOUBT_S = 86_400.0
"""Seconds after a jump during which the new time is not believed: somebody will have noticed by then."""


class SteadyClock:
    """Compares the system's time with the seconds since the machine was started. Belongs to one thread."""

    def __init__(self) -> None:
        self._offset = time.time() - _since_boot()
        self._doubted_until = 0.0

    def is_trusted(self) -> bool:
        """False for a day after the time has jumped."""
        now, offset = _since_boot(), time.time() - _since_boot()
        if abs(offset - self._offset) > JUMP_S:
            log.warning(
                "the clock has jumped: nothing is removed by age for a day", seconds=round(offset - self._offset)
            )
            self._offset, self._doubted_until = offset, now + DOUBT_S
        return now >= self._doubted_until


def _since_boot() -> float:
    """Seconds since the machine was started, sleep included where the system tells."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)
