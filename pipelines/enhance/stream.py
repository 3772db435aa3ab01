"""A model's chunks in, chunks of more and larger frames out, one by one: no clip is ever held whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

import numpy as np

from pipelines.contract import RGB, FrameChunk, OnStep, StepEvent, ignore_steps
from pipelines.enhance.interpolation import Interpolator
from pipelines.enhance.upscaling import Upscaler
from pipelines.request import MotionRequest


def enhanced(
    chunks: Iterable[FrameChunk], request: MotionRequest, on_step: OnStep = ignore_steps
) -> Iterator[FrameChunk]:
    """Chunks of one frame each that cover `request.clip_frames`, at the request's clip size.

    In-between frames are drawn first, while frames are small; the model's own frames pass through that unchanged.
    However the model cuts its chunks, the frames are the same. Raises what `chunks` and `on_step` raise; `on_step`
    hears of every frame that is done, and of the same number again before each part of a large one.
    """
    enlarger = Upscaler() if request.upscaling > 1 else None
    for index, frame in enumerate(_with_frames_between(_single(chunks), request.interpolation)):
        so_far, one_more = (StepEvent("enhance", done, request.clip_frames) for done in (index, index + 1))
        larger = enlarger.larger(frame, request.upscaling, partial(on_step, so_far)) if enlarger is not None else frame
        yield FrameChunk(index, larger[None])
        on_step(one_more)


def _single(chunks: Iterable[FrameChunk]) -> Iterator[RGB]:
    for chunk in chunks:
        yield from chunk.frames


def _with_frames_between(frames: Iterator[RGB], factor: int) -> Iterator[RGB]:
    """n frames to (n - 1) `factor` + 1; `factor` is a power of two."""
    if factor == 1:
        yield from frames
        return
    interpolator = Interpolator()
    before = None
    for frame in frames:
        # a copy: a view would keep its whole chunk in memory
        after = np.array(frame)
        if before is not None:
            yield from _between(interpolator, before, after, factor)
        yield after
        before = after


def _between(interpolator: Interpolator, before: RGB, after: RGB, factor: int) -> Iterator[RGB]:
    """The `factor` - 1 frames between two, each half-way between two that are there."""
    if factor == 1:
        return
    middle = interpolator.middle(before, after)
    yield from _between(interpolator, before, middle, factor // 2)
    yield middle
    yield from _between(interpolator, middle, after, factor // 2)
