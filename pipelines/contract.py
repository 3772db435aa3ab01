"""What every family of models has in common: a still and a request in, frames in chunks out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from pipelines.request import MotionRequest

RGB = NDArray[np.uint8]
"""uint8 `[H, W, 3]` (a still) or `[n, H, W, 3]` (frames), sRGB, 0 to 255."""

Stage = Literal["load", "encode", "sampling", "decode"]


@dataclass(frozen=True)
class FrameChunk:
    """Consecutive frames: `frames` is uint8 `[n, H, W, 3]`, the first one is frame `start` of the clip."""

    start: int
    frames: RGB


@dataclass(frozen=True)
class StepEvent:
    """One step of a run: `step` of `total` steps of `stage` are done, `step` counts from 1.

    `preview` is a small moving picture of the clip as the model sees it now, uint8 `[n, h, w, 3]`, or None.
    """

    stage: Stage
    step: int
    total: int
    preview: RGB | None = None


OnStep = Callable[[StepEvent], None]
"""Watches a run. Raising `Cancelled` from it stops the run before its next step or chunk."""


def ignore_steps(event: StepEvent) -> None:
    """The `OnStep` of a run that nobody watches."""


class Animator(Protocol):
    """A loaded model."""

    def animate(self, still: RGB, request: MotionRequest, on_step: OnStep = ignore_steps) -> Iterator[FrameChunk]:
        """Chunks in order that cover `request.num_frames` exactly.

        `still` is uint8 `[H, W, 3]` sRGB at the request's size; `request.seed` is drawn (not -1).
        Raises `OutOfMemory`, `BadFrames`, `RequestError`, and whatever `on_step` raises.
        """
        ...
