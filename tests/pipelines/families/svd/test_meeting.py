"""A clip that ends with a still: both ends are the stills' own, and a run goes on to the same frames."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from pipelines.contract import RGB, Checkpoint, StepEvent
from pipelines.errors import Cancelled, RequestError
from pipelines.families.svd.animator import SvdAnimator
from pipelines.families.svd.guide import latents_of
from pipelines.families.svd.meeting import TWO_SIDED, Ends, two_sided
from pipelines.families.svd.networks import ENCODING
from pipelines.families.svd.plan import plans_for
from pipelines.families.svd.schedule import State
from pipelines.models.asking import request_for
from pipelines.request import MotionRequest
from tests.pipelines.families.svd.test_guide import DRAFT, NOISE, SIGMAS, SOLVERS, begin, random, toy

WAYS = [{}, {"solver": "dpm"}, {"speed": "turbo", "num_inference_steps": 4}, {"speed": "faster"}]

END = {"stills": [{"t": 1, "of": "0" * 64}]}


@pytest.fixture
def last(still: RGB) -> RGB:
    return np.ascontiguousarray(255 - still[:, ::-1])


@pytest.fixture
def ending(request_4: MotionRequest):
    def request(**changes: Any) -> MotionRequest:
        told = request_4.model_dump() | {"num_inference_steps": 6, "direction": END} | changes
        return MotionRequest.model_validate(told)

    return request


def met(
    animator: SvdAnimator, stills: list[RGB], request: MotionRequest, on_step: Any = None, resume: Any = None
) -> RGB:
    chunks = animator.meet(stills, request, on_step or (lambda event: None), resume)
    return np.concatenate([chunk.frames for chunk in chunks])


@pytest.mark.parametrize("name", SOLVERS)
def test_both_ends_are_the_stills_own_latents(name: str) -> None:
    ends = Ends(random(3)[:, :1], random(4)[:, :1], NOISE, seed=5)
    *_, state = two_sided(SOLVERS[name], toy, ends)(toy, begin(), SIGMAS)
    assert torch.equal(state.x[:, :1], ends.first)
    assert torch.equal(state.x[:, -1:], ends.last)
    assert (state.x[:, 1:-1] - DRAFT[:, 1:-1]).abs().mean() > 0.1


@pytest.mark.parametrize("name", SOLVERS)
def test_a_run_goes_on_from_any_step_to_the_same_bits(name: str) -> None:
    solver = two_sided(SOLVERS[name], toy, Ends(random(3)[:, :1], random(4)[:, :1], NOISE, seed=5))
    states = list(solver(toy, begin(), SIGMAS))
    kept = states[9]
    *_, state = solver(toy, State(kept.x, kept.seen, SIGMAS[9]), SIGMAS[10:])
    assert torch.equal(state.x, states[-1].x)


@pytest.mark.parametrize("changes", WAYS)
def test_the_clip_begins_and_ends_as_its_stills_decode(
    animator: SvdAnimator, still: RGB, last: RGB, ending, changes: dict[str, Any]
) -> None:
    request = ending(**changes)
    events: list[StepEvent] = []
    frames = met(animator, [still, last], request, events.append)
    assert len(frames) == request.num_frames
    assert [event.note for event in events].count(TWO_SIDED) == 1
    animator.networks.ready(ENCODING, plans_for(request, "cpu")[0])
    with torch.no_grad():
        first, other = latents_of(animator.networks, still, last)
    clip = torch.cat([first, *[first] * (request.num_frames - 2), other], 1)
    plain = np.concatenate([p.permute(0, 2, 3, 1).numpy() for _, p in animator.decode(clip, request)]) * 255
    # the decoder looks at neighbouring frames too, so the ends are near, not equal
    assert np.abs(frames[-1] - plain[-1]).mean() < np.abs(frames[-1] - plain[0]).mean()
    assert np.abs(frames[0] - plain[0]).mean() < np.abs(frames[0] - plain[-1]).mean()


def test_it_is_stopped_within_a_step_and_resumed_to_the_same_frames(
    animator: SvdAnimator, still: RGB, last: RGB, ending
) -> None:
    request, kept = ending(), list[Checkpoint]()

    def stop_at_3(event: StepEvent) -> None:
        if event.stage == "sampling" and event.step == 3:
            assert event.checkpoint is not None
            kept.append(event.checkpoint())
            raise Cancelled

    with pytest.raises(Cancelled):
        met(animator, [still, last], request, stop_at_3)
    whole = met(animator, [still, last], request)
    assert np.array_equal(met(animator, [still, last], request, resume=kept[0]), whole)


def test_a_loop_is_on_its_way_back_at_its_last_frame(animator: SvdAnimator, still: RGB, ending) -> None:
    def steps(direction: dict[str, Any]) -> list[float]:
        request = ending(direction=direction, num_inference_steps=12)
        frames = np.concatenate([chunk.frames for chunk in animator.animate(still, request)]).astype(int)
        assert len(frames) == request.num_frames
        return [float(np.abs(frame - frames[0]).mean()) for frame in frames]

    free, looped = steps({}), steps({"loop": True})
    assert looped[-1] < free[-1]
    assert looped[-1] < max(looped[1:-1])


def test_a_loop_that_is_told_where_to_go_is_refused_before_the_run() -> None:
    with pytest.raises(RequestError, match="not both"):
        request_for({"model": "svd-xt", "direction": {"loop": True, "anchors": [[10, 10]]}})
    with pytest.raises(RequestError, match="ends with a picture, or goes where it was told to; not both"):
        request_for({"model": "svd-xt", "direction": END | {"only": True, "anchors": [[10, 10]]}})
    assert request_for({"model": "svd-xt", "direction": {"loop": True}}).direction.loop


def test_stills_on_the_way_are_refused_before_the_run() -> None:
    on_the_way = {"stills": [{"t": 0.5, "of": "0" * 64}]}
    with pytest.raises(RequestError, match="at the end of the clip"):
        request_for({"model": "svd-xt", "direction": on_the_way})
    assert request_for({"model": "svd-xt", "direction": END}).direction.stills
