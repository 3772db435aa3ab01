"""Clips of the built-in model: what a person at the page would notice."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
import torch

from pipelines.contract import RGB, FrameChunk, StepEvent
from pipelines.errors import BadFrames, Cancelled
from pipelines.pocket import animator as animator_room
from pipelines.pocket.animator import CHUNK, PREVIEW_FRAMES, PREVIEW_WIDTH, PocketAnimator, look_at
from pipelines.pocket.denoiser import EYES
from pipelines.pocket.framing import framing
from pipelines.pocket.guard import DETERMINANT_RANGE, determinants
from pipelines.pocket.warp import Warper
from pipelines.request import MotionRequest
from pipelines.subject import subject_mask

FEW = 4
"""Denoising steps: enough for motion that is not noise, at a quarter of the time."""


def asked(still: RGB, **controls) -> MotionRequest:
    """A request for this still; any size is allowed here, so that the tests stay small."""
    defaults = {"seed": 1, "num_inference_steps": FEW, "min_guidance_scale": 2.0, "max_guidance_scale": 2.0}
    request = MotionRequest(**defaults | controls)
    return request.model_copy(update={"height": still.shape[0], "width": still.shape[1]})


def frames_of(animator: PocketAnimator, still: RGB, **controls) -> RGB:
    return np.concatenate([chunk.frames for chunk in animator.animate(still, asked(still, **controls))])


def motion_of(animator: PocketAnimator, still: RGB, **controls):
    return animator.draw_motion(still, subject_mask(still), asked(still, **controls))


def shown_per_frame(motion) -> float:
    """Mean length of the displacement from frame to frame, in image widths."""
    fields = [motion.frame(index) for index in range(1, len(motion.profiles) + 1)]
    return float(np.mean([np.hypot(*(b - a)).mean() for a, b in itertools.pairwise(fields)]))


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


def test_the_first_frame_is_the_still_and_later_ones_are_not(animator, cat):
    frames = frames_of(animator, cat)
    assert np.array_equal(frames[0], cat)
    apart = [np.abs(frame.astype(int) - cat).mean() for frame in frames]
    assert apart[-1] > apart[12] > apart[1] > 0


@pytest.mark.parametrize(
    ("width", "height"), [(576, 320), (320, 576), (128, 128), (64, 64), (704, 512), (1024, 64), (64, 256)]
)
def test_any_size_gives_whole_clips_of_that_size(animator, cat, width, height):
    still = np.asarray(cv2.resize(cat, (width, height)), np.uint8)
    frames = frames_of(animator, still, num_frames=5, num_inference_steps=1)
    assert frames.shape == (5, height, width, 3)
    assert frames.dtype == np.uint8


@pytest.mark.parametrize("num_frames", [2, 3, 4, 5, 25, 60, 120])
def test_exactly_the_frames_that_were_asked_for_in_order(animator, cat, num_frames):
    request = asked(cat, num_frames=num_frames, num_inference_steps=1)
    chunks: list[FrameChunk] = list(animator.animate(cat, request))
    assert [chunk.start for chunk in chunks] == list(range(0, num_frames, CHUNK))
    assert sum(len(chunk.frames) for chunk in chunks) == num_frames


def test_more_of_the_motion_control_is_more_motion(animator, cat):
    found = [motion_of(animator, cat, motion_bucket_id=bucket).travel() for bucket in (1, 16, 64, 127, 255)]
    assert all(later > earlier for earlier, later in itertools.pairwise(found)), found


@pytest.mark.parametrize("num_frames", [2, 25, 60])
def test_the_last_frame_is_the_end_of_the_motion_however_many_lead_to_it(animator, cat, num_frames):
    motion = motion_of(animator, cat, num_frames=num_frames, num_inference_steps=1)
    end = animator.networks.codec.profile(torch.ones(1)).numpy()
    assert motion.profiles.shape[0] == num_frames - 1
    assert np.allclose(motion.profiles[-1:], end, atol=1e-5)


def test_the_lowest_motion_hardly_moves_a_pixel(animator, cat):
    assert motion_of(animator, cat, motion_bucket_id=1).travel() * 1024 < 0.1


@pytest.mark.parametrize("seed", [0, 1])
def test_twice_the_frame_rate_is_half_the_motion_per_frame(animator, cat, seed):
    """At a motion that the fold guard leaves alone; near its limits it bends both."""
    slow, fast = (motion_of(animator, cat, fps=fps, motion_bucket_id=48, seed=seed) for fps in (7, 14))
    assert fast.travel() / slow.travel() == pytest.approx(0.5, rel=0.03)
    assert shown_per_frame(fast) / shown_per_frame(slow) == pytest.approx(0.5, rel=0.15)


@pytest.mark.parametrize("seed", range(4))
def test_the_strongest_motion_neither_folds_nor_shows_what_is_outside(animator, cat, seed):
    motion = motion_of(animator, cat, motion_bucket_id=255, seed=seed)
    rows, columns = motion.components.shape[-2:]
    warper = Warper(np.zeros((rows, columns, 3), np.uint8), motion, framing(motion))
    here = np.stack(np.meshgrid(np.arange(columns), np.arange(rows))).astype(np.float32)
    for index in range(1, 25):
        sources = np.stack(warper.sources(index))
        found = determinants((sources - here) / columns)
        assert DETERMINANT_RANGE[0] <= found.min()
        assert found.max() <= DETERMINANT_RANGE[1]
        assert sources.min() >= -0.6
        assert sources[0].max() <= columns - 0.4
        assert sources[1].max() <= rows - 0.4


def moved_apart(animator, still, **controls) -> float:
    """How far the controls move the last frame's sources, at most, in pixels of a clip 1024 wide."""
    plain, changed = motion_of(animator, still), motion_of(animator, still, **controls)
    return float(np.abs(changed.frame(24) - plain.frame(24)).max() * 1024)


def test_the_guidance_changes_the_motion_visibly(animator, cat):
    assert moved_apart(animator, cat, max_guidance_scale=6.0) > 1


def test_the_noise_changes_the_motion_visibly(animator, cat):
    assert moved_apart(animator, cat, noise_aug_strength=0.5) > 1


def test_every_step_is_told_and_previews_come(animator, cat):
    events: list[StepEvent] = []
    list(animator.animate(cat, asked(cat, num_frames=6), events.append))
    told = [(event.stage, event.step, event.total) for event in events]
    sampling = [("sampling", step, FEW) for step in range(1, FEW + 1)]
    assert told == [("encode", 0, 1), *sampling, ("decode", 4, 6), ("decode", 6, 6)]
    previews = [event.preview for event in events if event.preview is not None]
    height = round(PREVIEW_WIDTH * 128 / 192)
    assert [event.step for event in events if event.preview is not None] == [3, 4]
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
    def broken(networks, conditions, noise, *rest):
        return torch.full_like(noise, float("nan"))

    monkeypatch.setattr(animator_room, "draw_latents", broken)
    with pytest.raises(BadFrames, match="not finite"):
        list(animator.animate(cat, asked(cat)))


def test_a_clip_leaves_the_callers_still_alone(animator, cat):
    before = cat.copy()
    for chunk in animator.animate(cat, asked(cat, num_frames=4, num_inference_steps=1)):
        chunk.frames[:] = 0
    assert np.array_equal(cat, before)


def test_the_eyes_see_the_still_its_subject_and_its_relief(cat):
    mask = np.zeros(cat.shape[:2], np.float32)
    mask[:, 96:] = 1
    eyes = look_at(cat, mask, (20, 29))
    assert eyes.shape == (EYES, 160, 232)
    assert eyes.dtype == torch.float32
    assert eyes.min() >= 0
    assert eyes.max() <= 1 + 1e-5
    assert torch.equal(eyes[3, :, :110], torch.zeros(160, 110))
    assert eyes[3, :, 122:].min() > 0.99
    assert np.allclose(eyes[:3].mean((1, 2)).numpy() * 255, cat.mean((0, 1)), atol=1)
