"""What is to be written and where; and about how large it will be, told by a few of its frames."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from media.export.export import export, prepared
from media.export.facts import ExportFacts
from media.export.formats import Format
from media.export.frames import Frames, OnFrame, WatchedFrames, unwatched
from media.export.look import Look
from media.spec import ClipSpec
from media.video import SOUND_BITS, Sound
from pipelines.contract import RGB


@dataclass(frozen=True)
class _Trial:
    """Which frames are tried: `count` in a row from each of these shares of a clip on. An encoder, which keeps
    differences, has come into its stride after `warm` of them."""

    places: tuple[float, ...]
    warm: int
    count: int


IN_PICTURES, IN_VIDEO = _Trial((0.2, 0.7), 3, 8), _Trial((0.4,), 12, 24)
"""Off by a tenth for pictures, by a third for video, in a second or two."""


@dataclass(frozen=True)
class Draft:
    """The frames of a file that is to be, uint8 `[spec.height, spec.width, 3]`, its place, its format and its sound.

    `on_frame` is told of every frame that is written or tried.
    """

    path: Path
    frames: Frames
    spec: ClipSpec
    kind: Format
    sound: Sound | None = None
    on_frame: OnFrame = unwatched

    def looking(self, look: Look) -> Draft:
        """The same with less of the frames."""
        frames, spec = look.frames(self.frames, self.spec), look.spec(self.spec)
        return replace(self, frames=frames, spec=spec, kind=replace(self.kind, look=look))

    def written(self) -> ExportFacts:
        """Write it; raises what `export` raises."""
        return export(self.path, self.watched, self.spec, self.kind, self.sound)

    @property
    def watched(self) -> Frames:
        """The frames, each of which is told."""
        return WatchedFrames(self.frames, self.on_frame)

    def estimated_bytes(self) -> int:
        """About how large it will be: a few of its frames are written to a place of their own.

        Exact for short clips. The sound is counted, the recipe is not.
        """
        with tempfile.TemporaryDirectory() as folder:
            return round(self._estimated(Path(folder)) + self._sound_bytes)

    def _estimated(self, folder: Path) -> float:
        count = 1 if self.kind.is_one_frame else len(self.frames)
        trial = IN_PICTURES if self.kind.video is None else IN_VIDEO
        if count <= trial.count:
            return self._bytes_of(folder, range(count))
        begins = [round(share * (count - trial.count)) for share in trial.places]
        warm, whole = (
            sum(self._bytes_of(folder, range(begin, begin + tried)) for begin in begins) / len(begins)
            for tried in (trial.warm, trial.count)
        )
        return warm + (whole - warm) / (trial.count - trial.warm) * (count - trial.warm)

    def _bytes_of(self, folder: Path, places: range) -> int:
        shown, spec = prepared(self.frames, replace(self.spec, num_frames=len(places), recipe=""), self.kind)
        path = folder / f"tried{self.kind.suffix}"
        self.kind.write(path, _Some(shown, places, self.on_frame), spec)
        return path.stat().st_size

    @property
    def _sound_bytes(self) -> float:
        return self.spec.seconds * SOUND_BITS / 8 if self.sound is not None else 0.0


class _Some:
    """Some of the frames, in a row."""

    def __init__(self, frames: Frames, places: range, on_frame: OnFrame) -> None:
        self._frames, self._places, self._on_frame = frames, places, on_frame

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[RGB]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int, /) -> RGB:
        self._on_frame(0, 0)
        return self._frames[self._places[index]]
