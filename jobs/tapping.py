"""The worker's part of taps: it answers them on a thread of its own, also while it makes a clip."""

from __future__ import annotations

import functools
import json
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import structlog

from media.backdrop import over_backdrop
from media.stills import open_still, reduced
from pipelines.errors import InputError, StillError, StillmotionError, WorkerError
from pipelines.outlines import outline

if TYPE_CHECKING:
    from pipelines.contract import RGB
    from pipelines.eyes.tap.tapped import Glance

log = structlog.get_logger("worker")

TAP = "tap"
"""Kind of a line that asks: `{"tap": {"number": ..., "still": ..., "taps": [[x, y, wanted], ...]}}`."""

STILLS_OPEN = 4
"""Small stills that are kept open: as many as there are looks at them."""

LONG_SIDE = 1024
"""Pixels: finer than that nothing is looked at, nor outlined."""


def taps_in(line: str) -> dict[str, Any] | None:
    """The question in a line, or None where the line asks nothing."""
    try:
        order = json.loads(line)
    except ValueError:
        return None
    return order.get(TAP) if isinstance(order, dict) else None


class Tapping:
    """Answers the taps that it is given, in their order, and looks at stills ahead when there are none.

    All of that is done within `in_use`.
    """

    def __init__(self, answers: IO[str], in_use: Callable[[], AbstractContextManager[None]]) -> None:
        self._answers, self._in_use = answers, in_use
        self._asked: deque[dict[str, Any]] = deque()
        self._next_still: deque[Path] = deque(maxlen=1)
        self._is_told = threading.Event()
        threading.Thread(target=self._run, name="tapping", daemon=True).start()

    def take(self, question: dict[str, Any]) -> None:
        """A question. Returns at once."""
        self._asked.append(question)
        self._is_told.set()

    def look_ahead(self, still: Path) -> None:
        """A still on which somebody may tap soon. Returns at once."""
        self._next_still.append(still)
        self._is_told.set()

    def _run(self) -> None:
        while True:
            self._is_told.wait()
            self._is_told.clear()
            while self._asked or self._next_still:
                with self._in_use():
                    self._do_next()

    def _do_next(self) -> None:
        if self._asked:
            self._say(answer_to(self._asked.popleft()))
        else:
            _look_ahead(self._next_still.pop())

    def _say(self, answer: Mapping[str, Any]) -> None:
        # whoever asked may be gone
        with suppress(OSError):
            self._answers.write(json.dumps(answer) + "\n")
            self._answers.flush()


def answer_to(question: Mapping[str, Any]) -> Mapping[str, Any]:
    """What goes back: the outline, or a sentence about what is in its way."""
    try:
        return {"number": question["number"], **_outlined(Path(question["still"]), question["taps"])}
    except Exception as error:  # somebody waits for it, and the next one will be asked
        if not isinstance(error, StillmotionError):
            log.exception("tap not answered")
            error = WorkerError("What was tapped could not be found.", "Try again, or draw around it.")
        is_input = isinstance(error, InputError)
        return {"number": question["number"], "sentence": error.sentence, "remedy": error.remedy, "is_input": is_input}


def _outlined(still: Path, taps: list[tuple[float, float, bool]]) -> Mapping[str, Any]:
    from pipelines.eyes.tap.tapped import meant

    thing, candidates = meant(glance_at(still), taps)
    return {"polygons": outline(thing.mask), "share": round(thing.share, 4), "candidates": candidates}


def _look_ahead(still: Path) -> None:
    try:
        glance_at(still)
    except Exception:  # whoever taps on it will be told
        log.exception("not looked at for taps")


def glance_at(still: Path) -> Glance:
    """A look at a file. Raises `StillError` and `ModelError`."""
    from pipelines.eyes.tap.tapped import glanced

    try:
        changed = still.stat().st_mtime_ns
    except OSError as error:
        raise StillError("The picture is no longer there.", "Upload it again.") from error
    return glanced(_opened(still, changed))


@functools.lru_cache(maxsize=STILLS_OPEN)
def _opened(still: Path, changed: int) -> RGB:
    return over_backdrop(reduced(open_still(still), LONG_SIDE), "blur")
