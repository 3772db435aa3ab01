"""What was said to a model that cannot be told: a draft guides it, through every way that a run can take."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import numpy as np
import pytest
import torch

from pipelines.contract import RGB, Checkpoint, StepEvent
from pipelines.errors import Cancelled
from pipelines.families.pocket.draft import draft_of
from pipelines.families.svd.animator import SvdAnimator
from pipelines.families.svd.guide import GUIDED, encoded
from pipelines.families.svd.networks import ENCODING
from pipelines.families.svd.plan import plans_for
from pipelines.families.svd.sampling import Sampling
from pipelines.families.svd.watch import Watch
from pipelines.request import MotionRequest
from tests.pipelines.families.svd.test_animator import Calls, Shortages

LEFT = [[0, 0], [500, 0], [500, 1000], [0, 1000]]

STILL_LEFT = {"regions": [{"outlines": [LEFT], "do": "still"}]}

ONLY_LEFT = {"only": True, "regions": [{"outlines": [LEFT], "do": "flow", "toward": 90, "strength": 2}]}

SAID_NOTHING = {"camera": {"strength": 2}}
"""Of a named move, which nobody asked for."""


@pytest.fixture
def directed(request_4: MotionRequest):
    def request(direction: dict[str, Any], **changes: Any) -> MotionRequest:
        told = request_4.model_dump() | {"num_inference_steps": 8, "direction": direction} | changes
        return MotionRequest.model_validate(told)

    return request


def frames_of(
    animator: SvdAnimator, still: RGB, request: MotionRequest, on_step: Any = lambda event: None, resume: Any = None
) -> RGB:
    return np.concatenate([chunk.frames for chunk in animator.animate(still, request, on_step, resume)])


@pytest.mark.parametrize("changes", [{}, {"solver": "dpm"}, {"speed": "turbo"}, {"speed": "faster"}])
def test_an_empty_direction_changes_no_bit(
    animator: SvdAnimator, still: RGB, directed, changes, monkeypatch: pytest.MonkeyPatch
) -> None:
    guided = frames_of(animator, still, directed(SAID_NOTHING, **changes))
    monkeypatch.setattr("pipelines.draft", None)
    monkeypatch.setattr("pipelines.families.svd.sampling.guided", None)
    assert np.array_equal(frames_of(animator, still, directed({}, **changes)), guided)


def test_a_region_that_is_told_to_keep_still_moves_far_less(animator: SvdAnimator, still: RGB, directed) -> None:
    def motion(frames: RGB) -> tuple[float, float]:
        """Grey levels by which the left part and the right one differ from the first frame."""
        change = np.abs(frames[1:].astype(float) - frames[0])
        return float(change[:, :, :24].mean()), float(change[:, :, 40:].mean())

    free = motion(frames_of(animator, still, directed({})))
    said = motion(frames_of(animator, still, directed(STILL_LEFT)))
    assert said[0] < 0.5 * free[0], f"{said[0]:.2f} of {free[0]:.2f}"
    assert said[1] > 0.5 * free[1], "the rest goes on moving"


def test_what_is_told_to_keep_still_has_the_latents_of_the_still(animator: SvdAnimator, still: RGB, directed) -> None:
    request, watch = directed(STILL_LEFT), Watch(lambda event: None)
    animator.networks.ready(ENCODING, plans_for(request, "cpu")[0])
    with torch.no_grad():
        wanted, moved, held = encoded(animator.networks, draft_of(still, request), watch)
    assert held[..., :4].all()
    assert not held[..., 4:].any()
    assert not moved.any()
    latents = animator.sample(still, request)
    assert torch.equal(latents[..., :4], wanted[..., :4])
    assert (latents - wanted)[..., 4:].abs().mean() > 0.01


def test_outside_of_what_alone_may_move_every_pixel_is_the_stills(animator: SvdAnimator, still: RGB, directed) -> None:
    events: list[StepEvent] = []
    frames = frames_of(animator, still, directed(ONLY_LEFT), events.append)
    assert np.array_equal(frames[:, :, 33:], np.broadcast_to(still[:, 33:], (4, 64, 31, 3)))
    assert not np.array_equal(frames[1][:, :24], still[:, :24])
    assert [event.note for event in events if event.note] == [GUIDED]


def test_cells_go_along_with_a_thing_frame_by_frame(animator: SvdAnimator, still: RGB, directed) -> None:
    thing = [[125, 375], [375, 375], [375, 625], [125, 625]]
    said = {"regions": [{"outlines": [thing], "do": "move", "path": [[250, 500], [750, 500]]}]}
    with torch.no_grad():
        latents, moved, _ = encoded(animator.networks, draft_of(still, directed(said)), Watch(lambda event: None))
    assert latents.shape == (1, 4, 4, 8, 8)
    assert moved.shape == (1, 4, 1, 8, 8)
    middle = moved[0, :, 0, 3:5].all(1)
    assert middle[0].tolist() == [False, True, True, False, False, False, False, False]
    assert middle[-1].tolist() == [False, True, True, False, False, True, True, False], "where it was, and where it is"
    assert middle.sum(1).tolist() == sorted(middle.sum(1).tolist()), "more and more of the two places"


def test_what_moves_is_put_where_the_draft_has_it(animator: SvdAnimator, still: RGB, directed) -> None:
    """Seven steps go from noise 700 to 244, 70, 16, 2.3, ...: to the third and fourth of them the draft counts."""
    request = directed({"arrows": [{"path": [[200, 500], [800, 500]]}]}, num_inference_steps=7)
    with torch.no_grad():
        wanted, moved, _ = encoded(animator.networks, draft_of(still, request), Watch(lambda event: None))
    assert moved.any()
    where, put = moved.expand(wanted.shape), []

    def look(event: StepEvent) -> None:
        if event.checkpoint is not None:
            seen = torch.from_numpy(event.checkpoint().arrays["seen"])
            put.append(torch.equal(seen[where], wanted[where]))

    animator.sample(still, request, look)
    assert put == [False, True, True, False, False, False, False]


@pytest.mark.parametrize("changes", [{}, {"solver": "dpm"}, {"speed": "turbo"}])
def test_a_guided_run_goes_on_from_any_checkpoint_to_the_same_frames(
    animator: SvdAnimator, still: RGB, directed, changes
) -> None:
    request, kept = directed(ONLY_LEFT, num_inference_steps=4, **changes), []

    def keep(event: StepEvent) -> None:
        if event.checkpoint is not None:
            kept.append(event.checkpoint())

    wanted = frames_of(animator, still, request, keep)
    assert [copy.step for copy in kept] == [1, 2, 3, 4]
    for copy in kept:
        assert isinstance(copy, Checkpoint)
        assert np.array_equal(frames_of(animator, still, request, resume=copy), wanted)


def test_a_guided_clip_is_the_same_under_every_plan(animator: SvdAnimator, still: RGB, directed) -> None:
    """All at once, and every part by its turn and streamed; the plans between change nothing that a guide sees."""
    request = directed(STILL_LEFT, num_inference_steps=3)
    draft, plans = draft_of(still, request), plans_for(request, "gpu")
    one, other = (
        Sampling(animator.networks, still, request, Watch(lambda _: None), draft).run(plans[index]) for index in (0, -1)
    )
    assert (one - other).abs().max() < 1e-4
    assert plans[-1].by_turns
    assert plans[-1].streamed


def test_memory_that_runs_out_while_the_draft_is_encoded(animator: SvdAnimator, still: RGB, directed) -> None:
    wanted = frames_of(animator, still, directed(STILL_LEFT))
    Shortages(attrgetter("vae.encoder.conv_out")(animator.pipeline), times=1, after=3)
    notes: list[str] = []
    frames = frames_of(animator, still, directed(STILL_LEFT), lambda event: notes.append(event.note))
    assert np.abs(frames.astype(int) - wanted).max() <= 1
    told = [note for note in notes if note]
    assert told[0] == GUIDED
    assert told[1].startswith("Memory ran out")
    assert len(told) == 2


def test_a_stop_is_obeyed_between_two_frames_of_the_draft(animator: SvdAnimator, still: RGB, directed) -> None:
    unet, encoder = Calls(animator.pipeline.unet.conv_out), Calls(animator.pipeline.vae.encoder.conv_in)
    told: list[tuple[str, int, int]] = []

    def stop(event: StepEvent) -> None:
        told.append((event.stage, event.step, event.total))
        if event.step == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        frames_of(animator, still, directed(STILL_LEFT), stop)
    assert told == [("encode", 0, 1), ("encode", 1, 4), ("encode", 2, 4)]
    assert (unet.number, encoder.number) == (0, 3), "the still, and two frames of the draft"
