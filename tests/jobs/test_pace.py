"""What is known about how long clips take."""

from __future__ import annotations

import pytest

from jobs.pace import Pace, remaining
from pipelines.direction import direction_of
from pipelines.request import MotionRequest


def test_nothing_is_known_at_first(engine):
    assert Pace(engine).estimate(MotionRequest()) is None


def test_a_run_is_remembered_and_scaled(engine):
    request = MotionRequest(num_frames=10)
    Pace(engine, "desk").learn(request, 4.0)
    assert Pace(engine, "desk").estimate(request) == pytest.approx(4)
    assert Pace(engine, "desk").estimate(MotionRequest(num_frames=20)) == pytest.approx(8)


def test_each_machine_has_its_own_pace_and_who_asks_from_outside_hears_the_mean(engine):
    request = MotionRequest()
    Pace(engine, "desk").learn(request, 4.0)
    Pace(engine, "attic").learn(request, 8.0)
    assert Pace(engine, "attic").estimate(request) == pytest.approx(8)
    assert Pace(engine).estimate(request) == pytest.approx(6)


def test_steps_count_for_stable_video_diffusion_alone(engine):
    for model, factor in (("pocket", 1), ("svd-xt", 2)):
        request = MotionRequest(model=model, num_inference_steps=10)
        pace = Pace(engine, "desk")
        pace.learn(request, 4.0)
        doubled = request.model_copy(update={"num_inference_steps": 20})
        assert pace.estimate(doubled) == pytest.approx(4 * factor)


def test_a_draft_of_the_motion_takes_time_of_its_own_where_one_is_drawn(engine):
    for model, is_longer in (("pocket", False), ("svd-xt", True)):
        request = MotionRequest(model=model, num_inference_steps=10)
        pace = Pace(engine, "desk")
        pace.learn(request, 4.0)
        said = request.model_copy(update={"direction": direction_of({"anchors": [[500, 500]]})})
        assert (pace.estimate(said) > pace.estimate(request)) == is_longer


def test_a_machine_that_was_busy_once_is_forgiven(engine):
    pace, request = Pace(engine, "desk"), MotionRequest()
    for seconds in (100, 4, 4, 4, 4, 4, 4):
        pace.learn(request, seconds)
    assert 4 < pace.estimate(request) < 6


def test_the_time_left_ends_at_nothing_and_follows_the_run_when_the_past_was_wrong():
    assert remaining(None, 1.0, 0.01) is None
    assert remaining(None, 5.0, 0.5) == pytest.approx(5.0)
    assert remaining(100.0, 1.0, 0.0) == pytest.approx(99.0)
    assert remaining(100.0, 9.0, 0.9) < 11
    assert remaining(100.0, 10.0, 1.0) == 0


def test_a_clip_with_helpers_is_foretold_from_what_the_model_and_the_helpers_take(engine):
    pace, plain = Pace(engine, "desk"), MotionRequest(num_frames=11)
    smooth = plain.model_copy(update={"interpolation": 2})
    pace.learn(smooth, 14.0)
    assert pace.estimate(smooth) is None
    pace.learn(plain, 4.0)
    assert pace.estimate(smooth) is None
    pace.learn(smooth, 14.0)
    assert pace.estimate(plain) == pytest.approx(4)
    assert pace.estimate(smooth) == pytest.approx(14)
    # three times as many frames in between
    assert pace.estimate(plain.model_copy(update={"interpolation": 4})) == pytest.approx(34)
    larger = plain.model_copy(update={"upscaling": 2})
    assert pace.estimate(larger) > pace.estimate(smooth)


def test_a_helped_run_quicker_than_its_model_alone_teaches_nothing(engine):
    pace, plain = Pace(engine, "desk"), MotionRequest(num_frames=10)
    helped = plain.model_copy(update={"interpolation": 2})
    pace.learn(plain, 4.0)
    pace.learn(helped, 3.0)
    assert pace.estimate(helped) is None
