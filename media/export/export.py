"""`export`: frames to a file of any format, complete and verified or not there at all."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from media.export.facts import ExportFacts, verify_export
from media.export.formats import Format
from media.export.frames import Frames
from media.spec import ClipSpec
from media.video import Sound
from media.whole_file import written_whole
from pipelines.contract import RGB
from pipelines.errors import ClipError


def export(path: Path, frames: Frames, spec: ClipSpec, kind: Format, sound: Sound | None = None) -> ExportFacts:
    """Writes the frames, uint8 `[spec.height, spec.width, 3]`, and returns what a probe found in the file.

    Video is 4:2:0 and needs even sizes: an odd row or column is repeated once. Raises `ClipError` where the disk is
    full, where the file cannot be written, and where it is not what was asked for.
    """
    if sound is not None and not kind.carries_sound:
        raise ClipError(f"{kind.label} has no sound.", "Choose MP4 or WebM, or leave the soundtrack out.")
    shown, written = prepared(frames, spec, kind)
    with written_whole(path) as partial:
        try:
            kind.write(partial, shown, written, sound)
        except (ValueError, zipfile.LargeZipFile) as error:
            raise ClipError(f"This clip cannot be saved as {kind.label}.", "Choose another format.") from error
        return verify_export(partial, kind, written, sound is not None)


def prepared(frames: Frames, spec: ClipSpec, kind: Format) -> tuple[Frames, ClipSpec]:
    """The frames and their spec as the format needs them."""
    written = replace(spec, recipe=_in_ascii(spec.recipe) if kind.carries_recipe else "")
    if kind.is_one_frame:
        written = replace(written, num_frames=1)
    if kind.video is not None and written != written.even():
        return _Padded(frames), written.even()
    return frames, written


def _in_ascii(recipe: str) -> str:
    """The same JSON in ASCII, which is all that EXIF can hold."""
    return "".join(letter if letter.isascii() else json.dumps(letter)[1:-1] for letter in recipe)


class _Padded:
    """Frames with an odd last row or column repeated once."""

    def __init__(self, frames: Frames) -> None:
        self._frames = frames

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, index: int, /) -> RGB:
        frame = self._frames[index]
        height, width = frame.shape[:2]
        return np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")

    def __iter__(self) -> Iterator[RGB]:
        return (self[index] for index in range(len(self)))
