"""Tap a thing in a still and get its outline: the page asks here, a worker answers (`jobs.answering`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

from jobs.queue import JobQueue
from pipelines.errors import RequestError

MOST_TAPS = 32
"""For one outline: more would say no more."""

Tap = tuple[float, float, bool]
"""A place (x, y) in shares of the whole, upright still, and whether what is there is wanted."""


class Outline(TypedDict):
    """What was tapped: `polygons` are a region's `outlines`, `share` that of the still that they fill.

    `candidates` counts what the taps may mean: above 1, one more tap at the same place gives the next larger.
    """

    polygons: list[list[tuple[int, int]]]
    share: float
    candidates: int


def look_for_taps(queue: JobQueue, still: Path) -> None:
    """Have a worker look at a still on which somebody is about to tap. Takes seconds; raises as `outline_under`."""
    queue.ask("look", {"still": str(still.absolute())})


def outline_under(queue: JobQueue, still: Path, taps: Sequence[Tap]) -> Outline:
    """The outline of what is meant by taps on a still. Takes a tenth of a second, and seconds for a still that is new.

    Also while a clip is made. Raises `RequestError` for taps that say nothing, `StillError` for a picture that cannot
    be opened, and `WorkerError` where no worker answers in time.
    """
    _check(taps)
    answer = queue.ask("tap", {"still": str(still.absolute()), "taps": [list(tap) for tap in taps]})
    polygons = [[(x, y) for x, y in polygon] for polygon in answer["polygons"]]
    return Outline(polygons=polygons, share=answer["share"], candidates=answer["candidates"])


def _check(taps: Sequence[Tap]) -> None:
    if len(taps) > MOST_TAPS:
        raise RequestError(f"An outline is made of {MOST_TAPS} taps at most.", "Begin again with fewer.")
    if not any(wanted for _, _, wanted in taps):
        raise RequestError("Nothing was tapped that is wanted.", "Tap the thing first, then what is not part of it.")
    if not all(0 <= x <= 1 and 0 <= y <= 1 for x, y, _ in taps):
        raise RequestError("A tap lies outside of the picture.", "Places go from 0 to 1 of its width and height.")
