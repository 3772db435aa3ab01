"""A still that somebody may soon ask a clip of: the worker looks at it while the person still looks at the sliders."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from jobs.in_turn import InTurn
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
        self.take = InTurn("glances", self._look_at, most=1).take

    def _look_at(self, line: str) -> None:
        try:
            self._look(Glance.of_line(line))
        except Exception:  # the job itself will say what is wrong
            log.exception("not looked at")
