"""A model's chunks in, more and larger frames out."""

from __future__ import annotations

import weakref

import numpy as np
import pytest

from pipelines.contract import FrameChunk
from pipelines.enhance.stream import enhanced
from pipelines.request import MotionRequest
from tests.pipelines.enhance.photos import pan

FRAMES = pan(7, 64, 64, step=(2, 1))


def request_for(count=7, **changes):
    return MotionRequest(num_frames=count, width=64, height=64, **changes)


def chunked(frames, size):
    for start in range(0, len(frames), size):
        yield FrameChunk(start, frames[start : start + size])


def run(frames, size, **changes):
    chunks = list(enhanced(chunked(frames, size), request_for(len(frames), **changes)))
    assert [chunk.start for chunk in chunks] == list(range(len(chunks)))
    return np.concatenate([chunk.frames for chunk in chunks])


@pytest.mark.parametrize("factor", [2, 4])
def test_frames_in_between_are_counted_exactly_whatever_the_chunks_and_originals_pass_untouched(factor):
    made = {size: run(FRAMES, size, interpolation=factor) for size in (1, 2, 7)}
    assert all(
        len(frames) == 6 * factor + 1 == request_for(interpolation=factor).clip_frames for frames in made.values()
    )
    assert (made[1] == made[2]).all()
    assert (made[1] == made[7]).all()
    assert (made[7][::factor] == FRAMES).all()
    new = np.delete(made[7], np.s_[::factor], 0)
    assert not any((frame == original).all() for frame in new for original in FRAMES)


def test_both_together_give_more_frames_and_larger_ones():
    both = run(FRAMES[:2], 1, interpolation=2, upscaling=2)
    assert both.shape == (3, 128, 128, 3)
    assert (both == run(run(FRAMES[:2], 1, interpolation=2), 1, upscaling=2)).all()


def test_progress_counts_frames_of_the_clip_and_never_goes_back():
    seen = []
    list(enhanced(chunked(FRAMES[:3], 2), request_for(3, interpolation=2, upscaling=2), seen.append))
    assert {(event.stage, event.total) for event in seen} == {("enhance", 5)}
    steps = [event.step for event in seen]
    assert steps == sorted(steps)
    assert set(steps) == {0, 1, 2, 3, 4, 5}


def test_of_a_chunk_only_the_last_frame_outlives_it():
    alive = []

    class Tracked(np.ndarray):
        pass

    def chunks():
        for start in range(0, 6, 2):
            frames = np.array(FRAMES[start : start + 2]).view(Tracked)
            alive.append(weakref.ref(frames))
            yield FrameChunk(start, frames)
            del frames

    for made, _ in enumerate(enhanced(chunks(), request_for(6, interpolation=2))):
        assert sum(ref() is not None for ref in alive) <= 1, made
    assert made == 10
