"""Every control: its bounds, and what a person is told who goes beyond them."""

from __future__ import annotations

import json
import re

import pytest
from pydantic import ValidationError

from pipelines.errors import RequestError
from pipelines.request import MAX_SEED, MotionRequest, allowed_values, parse_request

BOUNDS = {
    "motion_bucket_id": (1, 255),
    "fps": (1, 30),
    "noise_aug_strength": (0.0, 1.0),
    "num_frames": (2, 1800),
    "num_inference_steps": (1, 100),
    "min_guidance_scale": (0.0, 20.0),
    "max_guidance_scale": (0.0, 20.0),
    "sigma_max": (10.0, 700.0),
    "guidance_sigma_low": (0.0, 700.0),
    "guidance_sigma_high": (0.0, 700.0),
    "decode_chunk_size": (0, 120),
    "seed": (-1, MAX_SEED),
    "width": (64, 2048),
    "height": (64, 2048),
    "anchor_x": (-1.0, 1.0),
    "anchor_y": (-1.0, 1.0),
    "playback_fps": (0.0, 60.0),
}
"""Lowest and highest value of every control that is a number."""

WHOLE = [name for name, (low, _) in BOUNDS.items() if isinstance(low, int)]


def with_guidance(name, value):
    """The fields of a request in which only the asked bound can fail: the other guidance gives way."""
    other = {"min_guidance_scale": {"max_guidance_scale": 20}, "max_guidance_scale": {"min_guidance_scale": 0}}
    return {name: value} | other.get(name, {})


def test_every_number_is_listed_here():
    schema = MotionRequest.model_json_schema()["properties"]
    numbers = {name for name, field in schema.items() if field["type"] in ("integer", "number") and "enum" not in field}
    assert numbers == BOUNDS.keys()


@pytest.mark.parametrize("name", BOUNDS)
def test_both_ends_of_every_range_are_allowed(name):
    for value in BOUNDS[name]:
        assert getattr(parse_request(with_guidance(name, value)), name) == value


@pytest.mark.parametrize("name", BOUNDS)
def test_beyond_every_range_a_person_is_told_the_range(name):
    step = 64 if name in ("width", "height") else 1
    low, high = BOUNDS[name]
    for value in (low - step, high + step):
        with pytest.raises(RequestError) as told:
            parse_request(with_guidance(name, value))
        assert told.value.sentence == f"{name} cannot be {value}."
        named = re.search(r"between (\S+) and ([\d.e+]*\d)", told.value.remedy)
        assert named is not None
        assert [float(bound) for bound in named.groups()] == pytest.approx([low, high], rel=1e-5)


@pytest.mark.parametrize("name", WHOLE)
def test_whole_numbers_are_asked_for_as_such(name):
    with pytest.raises(RequestError, match="a whole number between"):
        parse_request({name: BOUNDS[name][0] + 0.5})


@pytest.mark.parametrize("name", BOUNDS)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), "many", None, [], {}])
def test_what_is_no_number_is_refused_in_words(name, value):
    with pytest.raises(RequestError, match=f"{name} cannot be .* It must be .*between"):
        parse_request({name: value})


@pytest.mark.parametrize("side", ["width", "height"])
def test_sizes_are_multiples_of_64(side):
    with pytest.raises(RequestError, match="between 64 and 2048 and a multiple of 64"):
        parse_request({side: 1000})
    assert all(getattr(parse_request({side: value}), side) == value for value in range(64, 2049, 64))


def test_an_unknown_control_is_named_and_the_known_ones_are_listed():
    with pytest.raises(RequestError, match="no control called strength") as told:
        parse_request({"strength": 1})
    assert all(name in told.value.remedy for name in MotionRequest.model_fields)


def test_the_choices_are_listed():
    with pytest.raises(RequestError, match=r"fit cannot be stretch\. It must be crop or pad\."):
        parse_request({"fit": "stretch"})


@pytest.mark.parametrize("backdrop", ["red", "#fff", "#gggggg", "blur ", "#ffffff;", ""])
def test_a_backdrop_is_blur_or_a_colour(backdrop):
    with pytest.raises(RequestError, match="blur, or a colour such as #ffffff"):
        parse_request({"backdrop": backdrop})
    assert parse_request({"backdrop": "#00Ff7f"}).backdrop == "#00Ff7f"


def test_a_long_value_is_cut_in_the_message():
    with pytest.raises(RequestError) as told:
        parse_request({"fps": "9" * 10_000})
    assert len(str(told.value)) < 200


def test_guidance_must_not_fall():
    with pytest.raises(RequestError, match=r"first frame's guidance \(3.5\) is above the last frame's \(3\)"):
        parse_request({"min_guidance_scale": 3.5})
    assert parse_request({"min_guidance_scale": 3.0}).min_guidance_scale == 3.0


@pytest.mark.parametrize("rate", [0.5, 0.01, 0.99])
def test_a_playback_rate_below_one_frame_per_second_is_refused(rate):
    with pytest.raises(RequestError, match="at least 1"):
        parse_request({"playback_fps": rate})


def test_the_files_rate_is_linked_to_the_motion_rate_until_it_is_chosen():
    assert MotionRequest(fps=12).file_fps == 12.0
    assert MotionRequest(fps=12, playback_fps=24.5).file_fps == 24.5


def test_the_clips_length_follows_frames_and_rate():
    assert MotionRequest(num_frames=25, fps=5).seconds == 5
    assert MotionRequest(num_frames=25, fps=5, playback_fps=10).seconds == 2.5


def test_helpers_make_more_and_larger_frames_in_the_same_time():
    plain = MotionRequest(num_frames=25, fps=6, playback_fps=12, width=576, height=320)
    more = plain.model_copy(update={"interpolation": 4, "upscaling": 2})
    assert (more.clip_frames, more.clip_fps, more.clip_width, more.clip_height) == (97, 48.0, 1152, 640)
    assert (plain.clip_frames, plain.clip_fps, plain.clip_width, plain.clip_height) == (25, 12.0, 576, 320)
    assert (more.is_enhanced, plain.is_enhanced) == (True, False)
    assert more.seconds == pytest.approx(plain.seconds, abs=1 / plain.file_fps)


@pytest.mark.parametrize("name", ["interpolation", "upscaling"])
def test_helpers_know_three_factors(name):
    assert [getattr(parse_request({name: factor}), name) for factor in (1, 2, 4)] == [1, 2, 4]
    for wrong in (0, 3, 8, "2", 2.5, None):
        with pytest.raises(RequestError, match=rf"{name} cannot be .* It must be 1 or 2 or 4\."):
            parse_request({name: wrong})


def test_a_clip_that_few_players_show_is_refused_with_the_cure():
    with pytest.raises(RequestError, match=r"4608 x 1024 pixels.*Lower upscaling") as told:
        parse_request({"width": 1152, "height": 256, "upscaling": 4})
    assert "4096" in told.value.sentence
    assert parse_request({"width": 1024, "height": 576, "upscaling": 4}).clip_width == 4096
    assert parse_request({"width": 2048, "height": 2048, "upscaling": 2}).clip_height == 4096


def test_a_seed_is_drawn_only_where_none_is_given():
    assert MotionRequest(seed=0).with_seed().seed == 0
    assert MotionRequest(seed=MAX_SEED).with_seed().seed == MAX_SEED
    drawn = {MotionRequest().with_seed().seed for _ in range(40)}
    assert len(drawn) == 40
    assert all(0 <= seed <= MAX_SEED for seed in drawn)


def test_drawing_a_seed_changes_nothing_else():
    request = MotionRequest(fps=9, fit="pad")
    assert request.with_seed().model_dump(exclude={"seed"}) == request.model_dump(exclude={"seed"})


def test_a_request_cannot_be_changed():
    with pytest.raises(ValidationError):
        MotionRequest().fps = 9


def test_a_request_survives_being_stored():
    request = MotionRequest(motion_bucket_id=200, backdrop="#102030", anchor_x=0.25, seed=MAX_SEED)
    assert parse_request(json.loads(request.model_dump_json())) == request


@pytest.mark.parametrize("name", MotionRequest.model_fields)
def test_every_control_says_what_it_is_and_what_it_may_be(name):
    field = MotionRequest.model_fields[name]
    assert field.description
    assert field.description.endswith(".")
    assert field.json_schema_extra["label"]
    assert allowed_values(name)


def test_the_defaults_are_a_valid_request():
    assert parse_request({}) == MotionRequest()
    assert parse_request(MotionRequest().model_dump()) == MotionRequest()
