"""Finding clips by what they are called and how they were made: "wren", "lake november", "seed 12", "1024x576".

What can be found of a job is written down with it, as one text; a database looks for pieces of it.
"""

from __future__ import annotations

import base64
import hashlib
import re
import time
import unicodedata
from collections.abc import Iterator

from pipelines.errors import InputError
from pipelines.request import MotionRequest, control_schemas

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


def wanted_of(search: str) -> Iterator[tuple[str, str]]:
    """Which of the two has to hold which text: the beginning of a word for each word of the search, and the mark of a
    setting for a control's name with a value of it behind ("speed boat" is none). Raises `InputError` for a search that
    is too long."""
    if len(search) > LONGEST:
        raise InputError(f"A search has up to {LONGEST} letters.", "Use fewer words.")
    words = _plainly(search).replace("=", " ").split()
    while words:
        name = _control(words[0])
        if len(words) > 1 and _is_value(name, words[1]):
            yield "marks", _mark(f"{name}={words[1]}")
            del words[:2]
        else:
            word = words.pop(0)
            # every clip has some value of a control: more is about to be typed
            if words or not name:
                yield "words", _beginning(word)


def _control(word: str) -> str:
    """The name of the control that a word means, empty where it means none."""
    name = SHORT_NAMES.get(word, word)
    return name if name in MotionRequest.model_fields else ""


def _is_value(name: str, text: str) -> bool:
    """Whether a control can be this; of no control nothing is a value. A model's name is a word like any other."""
    schema = control_schemas().get(name, {})
    if "enum" in schema:
        return text in map(str, schema["enum"])
    if "pattern" in schema:
        return re.search(schema["pattern"], text) is not None
    return schema.get("type") in {"integer", "number"} and re.fullmatch(r"-?\d+(\.\d+)?", text) is not None


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
