"""Encoders that make the process more important than everything else on the machine, and the cure."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_THREADS = Path("/proc/self/task")

_ONE_AT_A_TIME = threading.Lock()


@contextmanager
def kept_priorities() -> Iterator[None]:
    """What runs inside leaves no thread of this process with another scheduling policy.

    Where it may, as root in a container does, SVT-AV1 gives its threads and the one that opens it the highest real-time
    priority, and every process started later inherits it. Two of them that wait for each other by spinning then stop
    the whole machine.
    """
    if not _THREADS.is_dir():  # Linux alone has such priorities
        yield
        return
    with _ONE_AT_A_TIME:
        before = _policies()
        usual = before[threading.get_native_id()]
        try:
            yield
        finally:
            for thread, policy in _policies().items():
                if policy != (own := before.get(thread, usual)):
                    _give_back(thread, own)


def _policies() -> dict[int, int]:
    """The scheduling policy of every thread, by its number."""
    found = {}
    for entry in _THREADS.iterdir():
        with suppress(ProcessLookupError):  # it has ended since
            found[int(entry.name)] = os.sched_getscheduler(int(entry.name))
    return found


def _give_back(thread: int, policy: int) -> None:
    with suppress(ProcessLookupError):
        os.sched_setscheduler(thread, policy, os.sched_param(0))
