"""How much of a clip an animated picture keeps: where it must be small, its size, its rate and its colours give way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, inf

import cv2
import numpy as np

from media.export.frames import Frames
from media.spec import ClipSpec
from pipelines.contract import RGB


@dataclass(frozen=True)
class Look:
    """`share` of the width and of the height is kept, and so many of the frames that there are `most_fps` per second.

    A GIF has so many `colours`, and what changes by less than `hold` levels, of 255, stays as it was: what moves slowly
    moves in steps that are too small to be seen. `quality` is a WebP's, of 100.
    """

    share: float = 1.0
    most_fps: float = inf
    colours: int = 255
    hold: int = 3
    quality: int = 82

    def step(self, fps: Fraction) -> int:
        """One frame of how many is kept."""
        return max(ceil(float(fps) / self.most_fps - 1e-6), 1)

    def spec(self, spec: ClipSpec) -> ClipSpec:
        """What becomes of a clip."""
        width, height = (max(round(side * self.share), 1) for side in (spec.width, spec.height))
        step = self.step(spec.fps)
        return replace(spec, width=width, height=height, num_frames=ceil(spec.num_frames / step), fps=spec.fps / step)

    def frames(self, frames: Frames, spec: ClipSpec) -> Frames:
        """Its frames; `spec` is that of the whole clip."""
        step = self.step(spec.fps)
        return frames if self.share == step == 1 else _Lessened(frames, self.spec(spec), step)


WHOLE = Look()
"""Nothing gives way that anybody would see: 255 colours beside "as before", no blocks at twice the size."""


class _Lessened:
    """Every so manieth frame, smaller."""

    def __init__(self, frames: Frames, spec: ClipSpec, step: int) -> None:
        self._frames, self._spec, self._step = frames, spec, step

    def __len__(self) -> int:
        return self._spec.num_frames

    def __iter__(self) -> Iterator[RGB]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int, /) -> RGB:
        size = (self._spec.width, self._spec.height)
        frame = np.asarray(self._frames[index * self._step])
        return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)
