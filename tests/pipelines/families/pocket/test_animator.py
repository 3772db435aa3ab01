"""Clips of the built-in model: what a person at the page would notice."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
import torch

from pipelines.contract import RGB, FrameChunk, StepEvent
from pipelines.errors import BadFrames, Cancelled
from pipelines.families.pocket import animator as animator_room
from pipelines.families.pocket.animator import CHUNK, PREVIEW_FRAMES, PREVIEW_WIDTH, PocketAnimator
from pipelines.families.pocket.course import LONGEST
from pipelines.request import MotionRequest

FEW = 4
"""Denoising steps: enough to see that they are taken."""


def asked(still: RGB, **controls) -> MotionRequest:
    """A request for this still; any size is allowed here, so that the tests stay small."""
    defaults = {"seed": 1, "num_inference_steps": FEW, "min_guidance_scale": 1.5, "max_guidance_scale": 1.5, "fps": 7}
    request = MotionRequest(**defaults | controls)
    return request.model_copy(update={"height": still.shape[0], "width": still.shape[1]})


def frames_of(animator: PocketAnimator, still: RGB, **controls) -> RGB:
    return np.concatenate([chunk.frames for chunk in animator.animate(still, asked(still, **controls))])


def moved(frames: RGB, index: int) -> float:
    """Mean difference of a frame from the first one, in grey levels."""
    return float(np.abs(frames[index].astype(float) - frames[0]).mean())


def test_the_same_seed_gives_the_same_clip_and_another_one_another(animator, cat):
    first, again, other = (frames_of(animator, cat, num_frames=6, seed=seed) for seed in (5, 5, 6))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.array_equal(first[0], other[0])


def test_a_seed_does_not_hang_on_what_ran_before(animator, cat):
    torch.manual_seed(1)
    first = frames_of(animator, cat, num_frames=4)
    torch.manual_seed(2)
    np.random.default_rng().random()
    assert np.array_equal(frames_of(animator, cat, num_frames=4), first)


def test_a_still_that_was_looked_at_ahead_is_not_looked_at_again(animator, cat, monkeypatch):
    usual = frames_of(animator, cat, num_frames=4)
    animator_room._looked_at.cache_clear()
    animator_room.look_ahead(cat.copy())
    monkeypatch.setattr(animator_room, "look_at", None)
    assert np.array_equal(frames_of(animator, cat, num_frames=4), usual)


def test_the_first_frame_is_the_still_and_later_ones_are_not(animator, cat):
    frames = frames_of(animator, cat, camera="in")
    assert np.array_equal(frames[0], cat)
    assert moved(frames, 24) > moved(frames, 12) > moved(frames, 3) > 0


def test_it_begins_without_a_jump(animator, cat):
    """Cards at rest are the still: the first step is no larger than those that follow."""
    frames = frames_of(animator, cat, camera="in", num_frames=25).astype(float)
    steps = [float(np.abs(b - a).mean()) for a, b in itertools.pairwise(frames)]
    assert steps[0] < 1.5 * max(steps)


@pytest.mark.parametrize(
    ("width", "height"), [(576, 320), (320, 576), (128, 128), (64, 64), (704, 512), (1024, 64), (64, 256)]
)
def test_any_size_gives_whole_clips_of_that_size(animator, cat, width, height):
    still = np.asarray(cv2.resize(cat, (width, height)), np.uint8)
    frames = frames_of(animator, still, num_frames=3, num_inference_steps=1)
    assert frames.shape == (3, height, width, 3)
    assert frames.dtype == np.uint8


@pytest.mark.parametrize("num_frames", [2, 3, 4, 5, 25, 120])
def test_exactly_the_frames_that_were_asked_for_in_order(animator, cat, num_frames):
    request = asked(cat, num_frames=num_frames, num_inference_steps=1)
    chunks: list[FrameChunk] = list(animator.animate(cat, request))
    assert [chunk.start for chunk in chunks] == list(range(0, num_frames, CHUNK))
    assert sum(len(chunk.frames) for chunk in chunks) == num_frames


@pytest.mark.parametrize("camera", ["hold", "left"])
def test_more_of_the_motion_control_is_more_motion(animator, flowers, camera):
    found = [
        moved(frames_of(animator, flowers, motion_bucket_id=bucket, camera=camera), 24) for bucket in (1, 48, 127, 255)
    ]
    assert all(later > earlier for earlier, later in itertools.pairwise(found)), found


def test_the_lowest_motion_hardly_moves_a_pixel(animator, cat):
    assert moved(frames_of(animator, cat, motion_bucket_id=1, camera="left"), 24) < 0.7


def test_twice_the_frame_rate_is_half_as_far(animator, cat):
    slow, fast = (animator.renderer(cat, asked(cat, fps=fps, camera="left", motion_bucket_id=64)) for fps in (7, 14))
    assert fast.course.move.length / slow.course.move.length == pytest.approx(0.5, rel=0.06)
    assert fast.ambient.seconds * 2 == pytest.approx(slow.ambient.seconds)


def test_the_moments_of_a_clip_do_not_hang_on_how_many_are_shown(animator, cat):
    """At any rate the same motion: 13 frames at 6 a second are every other one of 25 at 12."""
    few, many = (frames_of(animator, cat, num_frames=n, fps=fps) for n, fps in ((13, 6), (25, 12)))
    assert np.array_equal(few, many[::2])


@pytest.mark.parametrize("camera", ["left", "in", "orbit-right"])
def test_cards_at_rest_are_the_still(animator, cat, camera):
    """Before anything has moved, nothing of how the picture was cut apart shows."""
    frame = animator.renderer(cat, asked(cat, camera=camera)).frame(1e-6)
    assert np.abs(frame.astype(int) - cat).max() <= 1


def test_the_camera_goes_where_it_is_sent(animator, cat):
    moves = {
        camera: frames_of(animator, cat, num_frames=5, camera=camera)[-1] for camera in ("hold", "left", "right", "in")
    }
    apart = [np.abs(a.astype(float) - b).mean() for a, b in itertools.combinations(moves.values(), 2)]
    assert min(apart) > 0.5


def test_the_noise_frees_what_moves_by_itself(animator, flowers):
    calm, free = (frames_of(animator, flowers, camera="hold", noise_aug_strength=noise) for noise in (0.02, 0.8))
    assert moved(free, 12) > 1.2 * moved(calm, 12)


def test_every_step_is_told_and_previews_come(animator, cat):
    events: list[StepEvent] = []
    list(animator.animate(cat, asked(cat, num_frames=6, num_inference_steps=17), events.append))
    told = [(event.stage, event.step, event.total) for event in events]
    sampling = [("sampling", step, 17) for step in range(1, 18)]
    assert told == [("encode", 0, 1), *sampling, ("decode", 4, 6), ("decode", 6, 6)]
    previews = [event.preview for event in events if event.preview is not None]
    height = round(PREVIEW_WIDTH * 128 / 192)
    assert [event.step for event in events if event.preview is not None] == [16, 17]
    assert all(shown.shape == (PREVIEW_FRAMES, height, PREVIEW_WIDTH, 3) for shown in previews)
    assert all(shown.dtype == np.uint8 and not np.array_equal(shown[0], shown[-1]) for shown in previews)


@pytest.mark.parametrize(("stage", "step"), [("encode", 0), ("sampling", 1), ("sampling", 3), ("decode", 8)])
def test_a_stop_is_obeyed_before_the_next_step_or_chunk(animator, cat, stage, step):
    seen: list[tuple[str, int]] = []
    chunks: list[FrameChunk] = []

    def stop(event: StepEvent) -> None:
        seen.append((event.stage, event.step))
        if seen[-1] == (stage, step):
            raise Cancelled

    with pytest.raises(Cancelled):
        chunks.extend(animator.animate(cat, asked(cat), stop))
    assert seen[-1] == (stage, step)
    assert len(chunks) == (2 if stage == "decode" else 0)


def test_motion_that_is_not_finite_is_never_shown(animator, cat, monkeypatch):
    def broken(network, conditions, noise, *rest):
        return torch.full_like(noise, float("nan"))

    monkeypatch.setattr(animator_room, "draw_fields", broken)
    with pytest.raises(BadFrames, match="not finite"):
        list(animator.animate(cat, asked(cat)))


def test_a_clip_leaves_the_callers_still_alone(animator, cat):
    before = cat.copy()
    for chunk in animator.animate(cat, asked(cat, num_frames=4, num_inference_steps=1)):
        chunk.frames[:] = 0
    assert np.array_equal(cat, before)


STRANGE = {
    "white": np.full((192, 320, 3), 255, np.uint8),
    "black": np.zeros((192, 320, 3), np.uint8),
    "noise": np.random.default_rng(0).integers(0, 256, (192, 320, 3), np.uint8),
    "strip": np.random.default_rng(1).integers(0, 256, (64, 1024, 3), np.uint8),
    "screenshot": np.kron(
        np.random.default_rng(2).integers(0, 2, (24, 40, 1), np.uint8) * 255, np.ones((8, 8, 3), np.uint8)
    ),
}


@pytest.mark.parametrize("kind", STRANGE)
def test_a_picture_without_anything_to_find_is_moved_calmly(animator, kind):
    still = STRANGE[kind]
    renderer = animator.renderer(still, asked(still, camera="left"))
    last = renderer.frame(1.0)
    assert last.shape == still.shape
    assert renderer.course.move.length <= LONGEST
