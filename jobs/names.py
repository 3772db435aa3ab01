"""What a job is called: after the picture that it was made from. Files that are downloaded are called so as well."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from jobs.job import NAMELESS, Job
from media.finish.plan import Finish

LONGEST, MOST_BYTES = 80, 200
"""Letters of a name, and bytes: with some words after it, it is still a file's name on any disk."""

LOOKED_AT = 1000
"""Letters of a file's name that are looked at: no disk has longer ones."""

SAY_NOTHING = frozenset({"blob", "clipboard", "file", "frame", "image", "still", "upload", "webcam"})
"""Names that pages and phones give to pictures without one: pasted, taken with the camera, taken out of a clip."""

NOT_IN_FILES = frozenset('<>:"|?*')
"""Letters that some disk refuses in a file's name; parts of a path are gone before."""

JOINERS = frozenset("\u200c\u200d")
"""Of the signs that are not seen, those that scripts and pictures in a line of text need."""

UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories of what is no letter: controls, turns of the writing's direction, halves of letters, breaks."""

PLAIN = Finish()

LOOP_WORDS = {"once": "", "ping-pong": "there and back", "cross-fade": "loop"}


def photo_name(file_name: str) -> str:
    """A picture's name, after that of its file, which may come from a stranger; `NAMELESS` where that says nothing."""
    last = re.split(r"[/\\]", file_name[-LOOKED_AT:])[-1]
    name = _clean(re.sub(r"\.[A-Za-z0-9]{1,5}$", "", last))
    return name if name and name.lower() not in SAY_NOTHING else NAMELESS


def file_name(job: Job, suffix: str, finish: Finish = PLAIN) -> str:
    """Under which a browser keeps a file of a clip: "beach sunset.mp4", "beach sunset, loop.gif"."""
    return ", ".join([job.name, *words_of(finish)]) + suffix


def words_of(finish: Finish) -> Sequence[str]:
    """What was done to a clip, in words."""
    return [words for words in _words(finish) if words]


def _words(finish: Finish) -> Iterator[str]:
    """Of each wish, empty where it is none."""
    yield LOOP_WORDS[finish.loop]
    yield "cut" * ((finish.first, finish.last) != (PLAIN.first, PLAIN.last))
    yield "backwards" * finish.reverse
    yield f"{finish.speed:g}x" * (finish.speed != PLAIN.speed)
    yield "smoother" * (finish.smoother != PLAIN.smoother)
    yield "larger" * (finish.larger != PLAIN.larger)
    yield "titled" * bool(finish.title)


def _clean(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    words = "".join(letter if _can_stand(letter) else " " for letter in composed).split()
    short = " ".join(words)[:LONGEST].encode()[:MOST_BYTES]
    return short.decode(errors="ignore").strip(" .")


def _can_stand(letter: str) -> bool:
    return letter in JOINERS or (letter not in NOT_IN_FILES and unicodedata.category(letter) not in UNSEEN)
