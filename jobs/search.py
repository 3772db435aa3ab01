"""Finding clips by how they were made: "cat" finds nothing, "pocket november", "seed 12" and "1024x576" do.

What can be found of a job is written down with it, as one text; a database looks for pieces of it.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator

from pipelines.errors import InputError
from pipelines.request import MotionRequest

SHORT_NAMES = {
    "motion": "motion_bucket_id",
    "noise": "noise_aug_strength",
    "frames": "num_frames",
    "steps": "num_inference_steps",
}
"""What people call controls, besides their own names."""

LONGEST = 200
"""Letters of a search: a person types a few words, and each of them is looked for in every clip."""


MARK_BYTES = 3
"""Of the mark of a setting, one of 16 million: written out, settings take twice as long to read."""


def findable(request: MotionRequest, created: float) -> dict[str, str]:
    """All that a job can be found by: `words` that are shown, each after a space, and `marks` of its settings.

    `created` is in seconds since 1970.
    """
    day = time.strftime("%Y-%m-%d %d %B %A", time.localtime(created))
    shown = f" {request.model} {request.seed} {request.clip_width}x{request.clip_height} {day}".lower()
    marks = (_mark(f"{name}={_plain(value)}") for name, value in request.model_dump().items())
    return {"words": shown, "marks": "".join(marks)}


def wanted_of(search: str) -> Iterator[tuple[str, str]]:
    """Which of the two has to hold which text: the beginning of a word for each word of the search, and the mark of a
    setting for a control's name with a value behind it. Raises `InputError` for a search that is too long."""
    if len(search) > LONGEST:
        raise InputError(f"A search has up to {LONGEST} letters.", "Use fewer words.")
    for word in _wanted(search.lower().split()):
        if "=" in word:
            yield "marks", _mark(word)
        elif not _is_said_of_all(word):
            yield "words", f" {word}"


def _is_said_of_all(word: str) -> bool:
    """The name of a control, or its beginning, of which every clip has some value."""
    return any(name.startswith(word) for name in MotionRequest.model_fields)


def _mark(setting: str) -> str:
    """Four letters behind a sign that is none of them."""
    return "." + base64.b64encode(hashlib.blake2b(setting.encode(), digest_size=MARK_BYTES).digest()).decode()


def _wanted(words: list[str]) -> Iterator[str]:
    pending = iter(words)
    for word in pending:
        name = SHORT_NAMES.get(word, word)
        value = next(pending, None) if name in MotionRequest.model_fields else None
        yield word if value is None else f"{name}={value}"


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).lower()
