"""Work that somebody else may go on without: a thread of its own does it in turn."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class InTurn(Generic[T]):
    """Does whatever it takes, in that order; of what waits the newest `most` are kept. `do` must not fail."""

    def __init__(self, name: str, do: Callable[[T], None], most: int | None = None) -> None:
        self._do = do
        self._waiting: deque[T] = deque(maxlen=most)
        self._is_told = threading.Event()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def take(self, item: T) -> None:
        """One more. Returns at once."""
        self._waiting.append(item)
        self._is_told.set()

    def _run(self) -> None:
        while True:
            self._is_told.wait()
            self._is_told.clear()
            while self._waiting:
                self._do(self._waiting.popleft())
