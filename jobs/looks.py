"""Looks at a run, written beside it: whoever samples never waits for a moving picture to be written."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

import structlog

from pipelines.contract import RGB

log = structlog.get_logger("worker")


class Looks:
    """Keeps looks one after the other by `keep`, which says whether it could; `kept` counts those that are.

    Of looks that come faster than they are kept only the newest is. A context manager: nothing is written after it.
    """

    def __init__(self, keep: Callable[[RGB], bool]) -> None:
        self._keep = keep
        self._newest: deque[RGB] = deque(maxlen=1)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="looks")
        self.kept = 0

    def __enter__(self) -> Looks:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, trace: TracebackType | None) -> None:
        self._writer.shutdown(cancel_futures=kind is not None)

    def take(self, frames: RGB) -> None:
        """A newer look, uint8 `[n, h, w, 3]`. Returns at once."""
        self._newest.append(frames)
        self._writer.submit(self._write)

    def _write(self) -> None:
        if not self._newest:
            return
        try:
            self.kept += self._keep(self._newest.pop())
        except Exception:  # a clip is worth more than its preview
            log.exception("look not written")
