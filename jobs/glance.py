"""A still that somebody may soon ask a clip of: the worker looks at it while the person still looks at the sliders."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from pipelines.request import MotionRequest

log = structlog.get_logger("worker")


@dataclass(frozen=True)
class Glance:
    """A still, and the request that would be made of it as the controls are now."""

    still: Path
    request: MotionRequest

    def line(self) -> str:
        """As one line of text."""
        return json.dumps([str(self.still), self.request.model_dump(mode="json")])

    @classmethod
    def of_line(cls, line: str) -> Glance:
        """From such a line; raises `ValueError` where it is none."""
        still, request = json.loads(line)
        return cls(Path(still), MotionRequest.model_validate(request))


class Glances:
    """Looks at the newest still that it was told of, on a thread of its own; `look` may take its time, or fail."""

    def __init__(self, look: Callable[[Glance], None]) -> None:
        self._look = look
        self._newest: deque[str] = deque(maxlen=1)
        self._is_told = threading.Event()
        threading.Thread(target=self._run, name="glances", daemon=True).start()

    def take(self, line: str) -> None:
        """A newer one. Returns at once."""
        self._newest.append(line)
        self._is_told.set()

    def _run(self) -> None:
        while True:
            self._is_told.wait()
            self._is_told.clear()
            if self._newest:
                self._look_at(self._newest.pop())

    def _look_at(self, line: str) -> None:
        try:
            self._look(Glance.of_line(line))
        except Exception:  # the job itself will say what is wrong
            log.exception("not looked at")
