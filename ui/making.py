"""A file that is being made while somebody looks on: how far it is, in words, and its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

from media.export.order import Export
from pipelines.errors import Cancelled
from ui import cards
from ui.waiting import Waiting

LOOK_S = 0.25
"""Seconds between two looks: often enough for a bar that moves."""

SURE_AFTER_S = 1.5
"""Seconds of drawing after which the time left is worth telling."""

QUARTERS = ("", "A quarter of the file is made.", "Half of the file is made.", "Three quarters of the file are made.")
"""What is said aloud: not every frame."""


class Progress:
    """How many frames are drawn; a thread that makes the file tells it, the page reads it."""

    def __init__(self) -> None:
        self._done, self._total, self._rounds, self._begun = 0, 0, 0, time.monotonic()
        self._is_trying = False

    def __call__(self, done: int, total: int) -> None:
        """A frame is drawn (`media.export.frames.OnFrame`)."""
        if total and done <= 1 < self._done:
            # written anew: it did not fit, or the round before only found out what fits
            self._rounds += 1
        self._is_trying = total == 0
        if done <= 1:
            self._begun = time.monotonic()
        self._done, self._total = done, total

    @property
    def card(self) -> str:
        """A bar and a line of words, as HTML."""
        percent = round(100 * self._done / self._total) if self._total else 0
        return f'<div class="progress"><p>{self.words}</p>{cards.bar(percent, "Making the file")}</div>'

    @property
    def words(self) -> str:
        """How far it is: "Frame 40 of 166 · 6 s left"."""
        if self._total == 0:
            return "Finding out what fits" if self._is_trying else "Beginning"
        if self._done == self._total:
            return "Checking the file"
        again = "Once more, to fit: frame" if self._rounds else "Frame"
        return f"{again} {self._done} of {self._total}{self._left()}"

    @property
    def news(self) -> str:
        """What is said aloud now."""
        quarter = min(4 * self._done // self._total, 3) if self._total else 0
        return QUARTERS[quarter]

    def _left(self) -> str:
        spent = time.monotonic() - self._begun
        if spent < SURE_AFTER_S:
            return ""
        return f" · {cards.duration(spent / self._done * (self._total - self._done))} left"


async def looks(
    waiting: Waiting, job_id: str, wanted: Export, is_wanted: Callable[[], bool]
) -> AsyncGenerator[Progress | Path, None]:
    """How far the file is, again and again, and at last the file; once this is closed, it is made no further.

    Raises `Cancelled` soon after it `is_wanted` no longer, and what `Exports.make` raises.
    """
    progress = Progress()
    making = asyncio.create_task(waiting.made(job_id, wanted, on_frame=progress))
    try:
        while not making.done():
            await asyncio.wait([making], timeout=LOOK_S)
            if not is_wanted():
                raise Cancelled
            if not making.done():
                yield progress
    finally:
        making.cancel()
    yield making.result()
