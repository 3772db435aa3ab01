"""What a worker is asked about stills: it answers on a thread of its own, also while it makes a clip."""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import structlog

import pipelines
from jobs.in_turn import InTurn
from jobs.make_clip import Framed, framed_still
from media.backdrop import over_backdrop
from media.preview import preview_webp
from media.stills import open_still, reduced
from pipelines.errors import InputError, StillError, StillmotionError, WorkerError
from pipelines.outlines import outline
from pipelines.request import FRAMING_CONTROLS, MotionRequest

if TYPE_CHECKING:
    from pipelines.contract import RGB
    from pipelines.eyes.tap.tapped import Glance

log = structlog.get_logger("worker")

GONE = ("The picture is no longer there.", "Upload it again.")

STILLS_OPEN = 4
"""Small stills that are kept open: as many as there are looks at them."""

LONG_SIDE = 1024
"""Pixels: finer than that nothing is looked at, nor outlined."""


@dataclass(frozen=True)
class Question:
    """One line that asks: `{kind: {"number": ..., "still": ..., ...}}`."""

    kind: str
    told: Mapping[str, Any]


def question_in(line: str) -> Question | None:
    """The question in a line, or None where the line asks nothing."""
    try:
        order = json.loads(line)
    except ValueError:
        return None
    kind = next((kind for kind in ANSWERS if isinstance(order, dict) and kind in order), None)
    return None if kind is None else Question(kind, order[kind])


class Answering:
    """Answers what it is asked, in that order, within `in_use`."""

    def __init__(self, answers: IO[str], in_use: Callable[[], AbstractContextManager[None]]) -> None:
        self._answers, self._in_use = answers, in_use
        self.take = InTurn("answering", self._answer).take

    def _answer(self, question: Question) -> None:
        with self._in_use():
            self._say(answer_to(question))

    def _say(self, answer: Mapping[str, Any]) -> None:
        # whoever asked may be gone
        with suppress(OSError):
            self._answers.write(json.dumps(answer) + "\n")
            self._answers.flush()


def answer_to(question: Question) -> Mapping[str, Any]:
    """What goes back, or a sentence about what is in its way."""
    number = question.told.get("number")
    try:
        return {"number": number, **ANSWERS[question.kind](question.told)}
    except Exception as error:  # somebody waits for it, and the next one will be asked
        if not isinstance(error, StillmotionError):
            log.exception("not answered")
            error = WorkerError("That could not be found out.", "Try again; the log says more.")
        is_input = isinstance(error, InputError)
        return {"number": number, "sentence": error.sentence, "remedy": error.remedy, "is_input": is_input}


def _looked(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of `{"still": path}`: somebody may tap on it soon."""
    glance_at(Path(told["still"]))
    return {}


def _outlined(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of `{"still": path, "taps": [[x, y, wanted], ...]}`."""
    from pipelines.eyes.tap.tapped import meant

    thing, candidates = meant(glance_at(Path(told["still"])), told["taps"])
    return {"polygons": outline(thing.mask), "share": round(thing.share, 4), "candidates": candidates}


def _sketched(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of `{"still": path, "request": the request's fields, "is_whole": bool}`."""
    request = MotionRequest.model_validate(told["request"])
    framed = _framed(Path(told["still"]), request)
    drawn = pipelines.sketch(framed.rgb, framed.request_for(request), told["is_whole"])
    webp = preview_webp(drawn.frames, len(drawn.frames) / request.seconds) if len(drawn.frames) else b""
    return {"found": drawn.found, "webp": base64.b64encode(webp).decode(), "motion": round(drawn.motion, 1)}


def _framed(path: Path, request: MotionRequest) -> Framed:
    """Raises `StillError`."""
    asked = {name: getattr(request, name) for name in FRAMING_CONTROLS}
    return _framed_anew(path, _changed(path), MotionRequest().model_copy(update=asked))


@functools.lru_cache(maxsize=STILLS_OPEN)
def _framed_anew(path: Path, changed: int, framing: MotionRequest) -> Framed:
    return framed_still(path, framing)


ANSWERS: dict[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {
    "look": _looked,
    "tap": _outlined,
    "sketch": _sketched,
}
"""By the kind of the question."""


def glance_at(still: Path) -> Glance:
    """A look at a file. Raises `StillError` and `ModelError`."""
    from pipelines.eyes.tap.tapped import glanced

    return glanced(_opened(still, _changed(still)))


def _changed(still: Path) -> int:
    try:
        return still.stat().st_mtime_ns
    except OSError as error:
        raise StillError(*GONE) from error


@functools.lru_cache(maxsize=STILLS_OPEN)
def _opened(still: Path, changed: int) -> RGB:
    return over_backdrop(reduced(open_still(still), LONG_SIDE), "blur")
