"""Locks by name within one process: what two threads want at once is made once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakValueDictionary


class OneAtATime:
    """As many locks as there are names in use; none is kept."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()  # type: ignore[type-var,unused-ignore]

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Waits for others with this name."""
        with self._guard:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            yield
