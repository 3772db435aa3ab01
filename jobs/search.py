"""Finding clips by what they are called and how they were made: "wren", "pocket november", "seed 12", "1024x576".

What can be found of a job is written down with it, as one text; a database looks for pieces of it.
"""

from __future__ import annotations

import base64
import hashlib
import re
import time
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

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


class Wanted(NamedTuple):
    """Texts that one of the two, `words` or `marks`, has to hold, all of them."""

    column: str
    pieces: Sequence[str]


def findable(request: MotionRequest, created: float, *called: str) -> dict[str, str]:
    """All that a job can be found by: `words` that are shown, each after a space, and `marks` of its settings.

    `created` is in seconds since 1970; `called` are its name and its title.
    """
    day = time.strftime("%Y-%m-%d %d %B %A", time.localtime(created))
    shown = f" {request.model} {request.seed} {request.clip_width}x{request.clip_height} {day}".lower()
    shown += "".join(map(heard, called))
    marks = (_mark(f"{name}={_plain(value)}") for name, value in request.model_dump().items())
    return {"words": shown, "marks": "".join(marks)}


def heard(name: str) -> str:
    """The words of a name or title, each after a space; "IMG_1234" is found by "1234" as well."""
    words = _plainly(name).split()
    parts = [part for word in words for part in re.split(r"[\W_]+", word) if part]
    return "".join(f" {word}" for word in dict.fromkeys([*words, *parts]))


def wanted_of(search: str) -> Iterator[Sequence[Wanted]]:
    """What a clip has to have: of each, one or the other. Raises `InputError` for a search that is too long.

    A control's name with a value behind it is that setting, or two words of a name ("speed boat"); all else is a word.
    """
    if len(search) > LONGEST:
        raise InputError(f"A search has up to {LONGEST} letters.", "Use fewer words.")
    for words in _together(_plainly(search).split()):
        said = Wanted("words", [_beginning(word) for word in words])
        if "=" in (setting := "=".join(SHORT_NAMES.get(word, word) for word in words)):
            yield Wanted("marks", [_mark(setting)]), said
        elif not _is_said_of_all(words[0]):
            yield (said,)


def _together(words: list[str]) -> Iterator[list[str]]:
    """Each word, and the name of a control with the word after it."""
    pending = iter(words)
    for word in pending:
        is_control = SHORT_NAMES.get(word, word) in MotionRequest.model_fields
        value = next(pending, None) if is_control else None
        yield [word] if value is None else [word, value]


def _is_said_of_all(word: str) -> bool:
    """The name of a control alone, of which every clip has some value: more is about to be typed."""
    return SHORT_NAMES.get(word, word) in MotionRequest.model_fields


def _beginning(word: str) -> str:
    """Where a word is looked for: from its beginning, unless it is of a script that may have no spaces."""
    return f" {word}" if word.isascii() else word


def _mark(setting: str) -> str:
    """Four letters behind a sign that is none of them."""
    return "." + base64.b64encode(hashlib.blake2b(setting.encode(), digest_size=MARK_BYTES).digest()).decode()


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).lower()


def _plainly(text: str) -> str:
    """In small letters, each written in one way: some systems write an ö as an o and two dots."""
    return unicodedata.normalize("NFC", text).lower()
