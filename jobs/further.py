"""Further stills of a job: a direction names them by the SHA-256 of their files; each is a file beside the first."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.direction import direction_of
from pipelines.errors import StillError
from pipelines.request import MotionRequest

PREFIX, LETTERS = "still-", 16
"""How the file of a further still is called within its job: with as much of its SHA-256 as tells it from others."""


def sha256_of(path: Path) -> str:
    """Of a file, as a direction has it. Raises `StillError`."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise StillError(f"{path.name} cannot be read.", "Check the path, or choose another picture.") from error


def further_name(sha256: str) -> str:
    """The name in the store."""
    return PREFIX + sha256[:LETTERS]


def names_of(request: MotionRequest) -> list[str]:
    """The names of a request's further stills, in the order of their times."""
    return [further_name(still.of) for still in request.direction.stills]


def on_the_way(controls: Mapping[str, Any], given: Sequence[Path]) -> dict[str, Any]:
    """Controls with the pictures that were given on the way, evenly, the last one at its end; as they are where their
    direction names stills itself. Raises `RequestError`, and `StillError` for a file that cannot be read."""
    said = direction_of(controls.get("direction") or "")
    if not given or said.stills:
        return dict(controls)
    count = len(given) + said.loop
    keys = [{"t": (number + 1) / count, "of": sha256_of(path)} for number, path in enumerate(given)]
    return {**controls, "direction": direction_of(said.brief() | {"stills": keys})}


def files_of(request: MotionRequest, given: Iterable[Path]) -> dict[str, Path]:
    """The files of a request's further stills among those given, by their names in the store.

    Raises `StillError` where one is missing.
    """
    at_hand = {further_name(sha256_of(path)): path for path in given}
    missing = [name for name in names_of(request) if name not in at_hand]
    if missing:
        raise StillError("One of the pictures on the way is not here.", "Choose it again, or take it out.")
    return {name: at_hand[name] for name in names_of(request)}
