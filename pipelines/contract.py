"""What every family of models has in common: a still and a request in, frames in chunks out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from pipelines.request import MotionRequest

RGB = NDArray[np.uint8]
"""uint8 `[H, W, 3]` (a still) or `[n, H, W, 3]` (frames), sRGB, 0 to 255."""

Stage = Literal["load", "encode", "sampling", "decode", "enhance"]
"""What a run is at; the last is that of the helpers, where more or larger frames are asked for."""


@dataclass(frozen=True)
class FrameChunk:
    """Consecutive frames: `frames` is uint8 `[n, H, W, 3]`, the first one is frame `start` of the clip."""

    start: int
    frames: RGB


@dataclass(frozen=True)
class Sketch:
    """A small clip: `frames` uint8 `[n, h, w, 3]`, none where nothing was said; `motion` is how far a place goes in the
    mean, in percent of the width a second; `found` are kinds of things that move by themselves (`Direction.calm`)."""

    found: list[str]
    frames: RGB
    motion: float


Marked = NDArray[np.bool_]
"""bool `[H, W]`: places of a frame."""


class Drawn(NamedTuple):
    """A frame uint8 `[H, W, 3]`, and bool `[H, W]` each: where it `moved` as was said, and what of it is `held`."""

    frame: RGB
    moved: Marked
    held: Marked


class Draft(Protocol):
    """The frames of a clip in which nothing moves but what was said, for models that have to be shown it."""

    @property
    def moments(self) -> list[float]:
        """When each frame is, in shares of the clip."""
        ...

    @property
    def told(self) -> str:
        """A sentence where the camera goes less far than was asked, or empty."""
        ...

    @property
    def may_move(self) -> Marked:
        """The places of the still that were not told to keep still."""
        ...

    def drawn(self) -> Iterator[Drawn]:
        """The frames in order, each with where it is meant."""
        ...

    def kept(self, still: RGB, chunk: FrameChunk) -> FrameChunk:
        """The same frames of a model, with what nobody said may move exactly as it is in the still."""
        ...


@dataclass(frozen=True)
class Checkpoint:
    """A run after `step` of its sampling steps: all that is needed to go on from there to the very same frames.

    `arrays` are float32, which holds every fp16 and bf16 exactly, by names that only the model understands. After the
    last step of sampling, as `StepEvent` counts them, the run can be decoded again with another chunk. `made_by` says,
    in the model's own words, what else decides the numbers, such as their format and the kind of device.
    """

    step: int
    arrays: Mapping[str, NDArray[np.float32]]
    made_by: str = ""


@dataclass(frozen=True)
class StepEvent:
    """One step of a run: `step` of `total` steps of `stage` are done, `step` counts from 1.

    `preview` is a small moving picture of the clip as the model sees it now, uint8 `[n, h, w, 3]`, or None.
    `checkpoint`, of sampling steps alone, copies the run as it is now; calling it costs a copy from the device, so
    whoever watches decides when. It must be called before `on_step` returns. None where a run is too short to be worth
    it. `note` is a sentence for the person about what the run had to do differently, or empty.
    """

    stage: Stage
    step: int
    total: int
    preview: RGB | None = None
    checkpoint: Callable[[], Checkpoint] | None = None
    note: str = ""


OnStep = Callable[[StepEvent], None]
"""Watches a run. Raising `Cancelled` from it stops the run before its next step or chunk."""


def ignore_steps(event: StepEvent) -> None:
    """The `OnStep` of a run that nobody watches."""


class Animator(Protocol):
    """A loaded model."""

    def animate(
        self,
        still: RGB,
        request: MotionRequest,
        on_step: OnStep = ignore_steps,
        resume: Checkpoint | None = None,
    ) -> Iterator[FrameChunk]:
        """Chunks in order that cover `request.num_frames` exactly.

        `still` is uint8 `[H, W, 3]` sRGB at the request's size; `request.seed` is drawn (not -1), and places in
        `request.direction` are places of this still, some perhaps outside. With `resume`, a
        checkpoint of a run of the same still and request (its decode chunk aside), only what is left is done and the
        frames are those of an undisturbed run; a model that gives no checkpoints begins anew.
        Raises `OutOfMemory`, `BadFrames`, `RequestError`, and whatever `on_step` raises.
        """
        ...


@runtime_checkable
class Meets(Protocol):
    """An animator that can show further stills on the way."""

    def meet(
        self,
        stills: Sequence[RGB],
        request: MotionRequest,
        on_step: OnStep = ignore_steps,
        resume: Checkpoint | None = None,
    ) -> Iterator[FrameChunk]:
        """As `Animator.animate`, from the first of `stills` to each of the others at the time of
        `request.direction.stills`, which is one shorter. All are of the request's size.
        """
        ...
