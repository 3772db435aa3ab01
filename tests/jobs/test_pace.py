"""What is known about how long clips take."""

from __future__ import annotations

import pytest

from jobs.pace import Pace
from pipelines.request import MotionRequest


@pytest.fixture
def file(tmp_path):
    return tmp_path / "pace.json"


def test_nothing_is_known_at_first(file):
    assert Pace(file).estimate(MotionRequest()) is None


def test_a_run_is_remembered_and_scaled(file):
    request = MotionRequest(num_frames=10)
    Pace(file).learn(request, 4.0)
    assert Pace(file).estimate(request) == pytest.approx(4)
    assert Pace(file).estimate(MotionRequest(num_frames=20)) == pytest.approx(8)


def test_steps_count_for_stable_video_diffusion_alone(file):
    for model, factor in (("pocket", 1), ("svd-xt", 2)):
        request = MotionRequest(model=model, num_inference_steps=10)
        pace = Pace(file)
        pace.learn(request, 4.0)
        doubled = request.model_copy(update={"num_inference_steps": 20})
        assert pace.estimate(doubled) == pytest.approx(4 * factor)


def test_a_machine_that_was_busy_once_is_forgiven(file):
    pace, request = Pace(file), MotionRequest()
    for seconds in (100, 4, 4, 4, 4, 4, 4):
        pace.learn(request, seconds)
    assert 4 < pace.estimate(request) < 6


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "3",
        '{"pocket": "fast"}',
        '{"pocket": null}',
        '{"pocket": NaN}',
        '{"pocket": -1}',
        "\0",
        "[" * 9,
    ],
)
def test_a_damaged_file_is_the_same_as_none(file, text):
    file.write_text(text)
    pace = Pace(file)
    assert pace.estimate(MotionRequest()) is None
    pace.learn(MotionRequest(), 2.0)
    assert Pace(file).estimate(MotionRequest()) == pytest.approx(2)


def test_a_pace_that_cannot_be_stored_is_known_all_the_same(tmp_path):
    pace = Pace(tmp_path / "no such folder" / "pace.json")
    pace.learn(MotionRequest(), 2.0)
    assert pace.estimate(MotionRequest()) == pytest.approx(2)


def test_the_time_left_ends_at_nothing_and_follows_the_run_when_the_past_was_wrong(tmp_path):
    request = MotionRequest()
    pace = Pace(tmp_path / "pace.json")
    assert pace.remaining(request, 1.0, 0.01) is None
    assert pace.remaining(request, 5.0, 0.5) == pytest.approx(5.0)
    pace.learn(request, 100.0)
    assert pace.remaining(request, 1.0, 0.0) == pytest.approx(99.0)
    assert pace.remaining(request, 9.0, 0.9) < 11
    assert pace.remaining(request, 10.0, 1.0) == 0
