"""What each file that was made of a clip on demand is: noted beside it, so that the library can offer it again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jobs.files import listed
from media.export.facts import ExportFacts
from media.export.formats import FORMATS, Format
from media.export.order import Export
from media.finish.plan import Finish, parse_finish
from media.whole_file import write_whole
from pipelines.errors import RequestError

NAME = "stillmotion"
"""Of the files on disk, before their suffix."""

NOTE, CONTENTS = "wish.json", "contents.json"


@dataclass(frozen=True)
class Made:
    """A file that was made: what `jobs.exports.Exports.find` finds it by, what it is, its size in bytes, and whether
    the settings are inside."""

    key: str
    kind: Format
    finish: Finish
    size: int
    has_recipe: bool


@dataclass(frozen=True)
class Contents:
    """What is in a file: `width` x `height` in pixels, its frames, and the `seconds` that they play."""

    width: int
    height: int
    num_frames: int
    seconds: float


def note_contents(folder: Path, facts: ExportFacts) -> None:
    """Note in the folder of a file what a probe found in it. Raises `OSError`."""
    found = Contents(facts.width, facts.height, facts.num_frames, facts.seconds)
    write_whole(folder / CONTENTS, json.dumps(asdict(found)).encode())


def contents_of(folder: Path) -> Contents:
    """What is in the file of this folder. Raises `OSError`."""
    return Contents(**json.loads((folder / CONTENTS).read_bytes()))


def note_wish(folder: Path, wanted: Export) -> None:
    """Note in the folder of a file what it is. Raises `OSError`."""
    note = folder / NOTE
    if not note.exists():
        told: dict[str, Any] = {"kind": wanted.kind.name, "finish": wanted.finish.model_dump(exclude_defaults=True)}
        told["recipe"] = wanted.keep_recipe
        write_whole(note, json.dumps(told).encode())


def made_of(folder: Path) -> Sequence[Made]:
    """What was made of a clip, whose files are in `folder`, the newest first; not the clip itself.

    Of two that are alike, that without settings was only shown on the stage.
    """
    found = [made for each in sorted(listed(folder), key=_age) if (made := made_in(each)) is not None]
    complete = {(made.kind.name, made.finish) for made in found if made.has_recipe}
    unlike = (made for made in found if made.has_recipe or (made.kind.name, made.finish) not in complete)
    return [made for made in unlike if not Export(made.kind, made.finish).is_plain]


def made_in(folder: Path) -> Made | None:
    """The file in the folder of one wish, None where it is not there yet or nobody knows what it is."""
    with suppress(OSError, ValueError, KeyError, RequestError):
        told = json.loads((folder / NOTE).read_bytes())
        kind, finish = FORMATS[told["kind"]], parse_finish(told["finish"])
        file = folder / f"{NAME}{kind.suffix}"
        return Made(folder.name, kind, finish, file.stat().st_size, told["recipe"])
    return None


def _age(folder: Path) -> float:
    """Sorts what was asked for last to the front."""
    with suppress(OSError):
        return -folder.stat().st_mtime
    return 0.0
