"""What is under a finger, asked of the worker: the page gets an outline, or a sentence."""

from __future__ import annotations

import json
from pathlib import Path

from jobs.queue import JobQueue
from jobs.taps import outline_under
from pipelines.direction import FULL
from pipelines.errors import RequestError, StillmotionError

OUTLINED_JS = "(text) => document.dispatchEvent(new CustomEvent('stillmotion:outlined', { detail: text }))"


def outlined(queue: JobQueue, still: Path, told: object, number: int) -> str:
    """The answer as JSON: `polygons` and `share`, or a `problem`; `number` makes it another one each time."""
    try:
        places = [(x / FULL, y / FULL, True) for x, y in _places(told)]
        return json.dumps({"number": number, **outline_under(queue, still, places)})
    except StillmotionError as error:
        return json.dumps({"number": number, "problem": str(error)})


def _places(told: object) -> list[tuple[float, float]]:
    """Places from a page, which may send anything."""
    try:
        return [(float(x), float(y)) for x, y in told]  # type: ignore[attr-defined]
    except (TypeError, ValueError) as error:
        raise RequestError("This is no place in the picture.", "Tap the picture again.") from error
