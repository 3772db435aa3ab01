"""What is under a finger, asked of the worker."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jobs.queue import JobQueue
from jobs.taps import outline_under
from pipelines.direction import FULL
from pipelines.errors import RequestError


def outlined(queue: JobQueue, still: Path, told: object) -> Mapping[str, Any]:
    """`polygons` and `share` of what was tapped at places in thousandths. Raises `StillmotionError`."""
    return {**outline_under(queue, still, [(x / FULL, y / FULL, True) for x, y in _places(told)])}


def _places(told: object) -> list[tuple[float, float]]:
    """Places from a page, which may send anything."""
    try:
        return [(float(x), float(y)) for x, y in told]  # type: ignore[attr-defined]
    except (TypeError, ValueError) as error:
        raise RequestError("This is no place in the picture.", "Tap the picture again.") from error
