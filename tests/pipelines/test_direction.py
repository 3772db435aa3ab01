"""What somebody says about the motion: read from JSON, told in words where it cannot be, and seen through a crop."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pipelines.direction import FULL, MOST_LETTERS, CameraPath, Direction, direction_of
from pipelines.errors import RequestError
from pipelines.request import MotionRequest, parse_request

SQUARE = [[100, 100], [300, 100], [300, 300], [100, 300]]

EVERYTHING = {
    "camera": {
        "keys": [{}, {"t": 0.5, "x": 520, "zoom": 1.2}, {"t": 1, "y": 430.5, "roll": -3, "orbit": 4}],
        "ease": "linear",
        "aim": [500, 400],
        "depth": 0.5,
        "shake": 0.2,
    },
    "regions": [
        {"outlines": [SQUARE], "do": "flow", "toward": 90, "strength": 1.5},
        {"outlines": [SQUARE[::-1], [[150, 150], [200, 150], [200, 200]]], "do": "still"},
    ],
    "arrows": [{"path": [[0, 0], [500, 500]], "speed": 0.05}, {"path": [[1, 1], [9, 9]], "do": "bend"}],
    "anchors": [[500, 500], [0, FULL]],
    "only": True,
    "loop": True,
}


def test_it_comes_back_from_its_json_as_it_was() -> None:
    said = direction_of(EVERYTHING)
    assert said.brief() == EVERYTHING
    assert direction_of(json.dumps(said.brief())) == said


def test_a_request_carries_it_and_is_the_same_again() -> None:
    request = parse_request({"direction": json.dumps(EVERYTHING)})
    assert request.model_dump()["direction"] == EVERYTHING
    assert parse_request(json.loads(request.model_dump_json())) == request
    assert parse_request({"direction": EVERYTHING}) == request


def test_nothing_said_is_an_empty_direction() -> None:
    assert MotionRequest().model_dump()["direction"] == {}
    assert MotionRequest().direction.parts == frozenset()
    assert parse_request({"direction": ""}) == parse_request({"direction": {}}) == MotionRequest()
    assert direction_of({"camera": {}, "regions": []}).brief() == {}


CANNOT = {
    "no JSON": ("{", "This direction is no JSON."),
    "no object": ("[1]", "A direction is an object of JSON."),
    "unknown": ('{"wind": 1}', "there is nothing called wind."),
    "an unknown act": ({"regions": [{"outlines": [SQUARE]}, {"outlines": [SQUARE], "do": "fly"}]}, "Region 2, do: fly"),
    "outside": ({"regions": [{"outlines": [[[0, 0], [2000, 0], [0, 9]]]}]}, "Region 1, outlines: 2000"),
    "a line": ({"regions": [{"outlines": [[[0, 0], [9, 9]]]}]}, "Region 1: An outline has at least 3 points."),
    "no length": ({"arrows": [{"path": [[5, 5], [5, 5]]}]}, "Arrow 1: An arrow of no length says nothing."),
    "too many points": ({"regions": [{"outlines": [[[0, 0]] * 600]}]}, "Region 1: An outline has at most 512 points."),
    "out of order": ({"camera": {"keys": [{"t": 1}, {"t": 0}]}}, "The camera's keys are out of order."),
    "one key": ({"camera": {"keys": [{"t": 1}]}}, "A camera's path has two keys or more."),
    "wider than the picture": ({"camera": {"keys": [{}, {"t": 1, "zoom": 0.5}]}}, "Camera key 2, zoom: 0.5"),
    "nowhere to go": ({"regions": [{"outlines": [SQUARE], "do": "move"}]}, "Region 1: A part that moves"),
    "endless": ({"anchors": [[0.5, 0.5]] * 10_000}, f"A direction has at most {MOST_LETTERS:,} letters."),
    "not a number": ('{"anchors": [[NaN, 1]]}', "Anchor 1"),
    "stills out of order": ({"stills": [{"t": 1, "of": "a" * 64}, {"t": 0.5, "of": "b" * 64}]}, "out of order."),
    "a loop that ends elsewhere": ({"loop": True, "stills": [{"t": 1, "of": "a" * 64}]}, "A loop ends with its first"),
    "a still by its path": ({"stills": [{"t": 1, "of": "/etc/passwd"}]}, "Still 1, of: /etc/passwd cannot be."),
    "too deep": ("[" * 9000, "This direction is no JSON."),
}


@pytest.mark.parametrize("kind", CANNOT)
def test_what_cannot_be_is_told_in_a_sentence_with_a_cure(kind: str) -> None:
    told, sentence = CANNOT[kind]
    with pytest.raises(RequestError) as found:
        parse_request({"direction": told})
    assert sentence in found.value.sentence
    assert found.value.remedy


def test_through_a_crop_places_are_where_they_were_in_the_picture() -> None:
    """A clip of the right half of a still: what is in its middle lies on the half's left edge."""
    seen = direction_of(EVERYTHING).within((0.5, 0.0, 1.0, 1.0))
    assert seen.anchors == ((0, 500), (-FULL, FULL))
    assert seen.arrows[0].path == ((-FULL, 0), (0, 500))
    assert seen.arrows[0].speed == pytest.approx(0.1)
    assert seen.camera.keys[1].x == pytest.approx(40)
    assert seen.camera.aim == (0, 400)
    assert seen.regions[0].outlines[0][0] == (-800, 100)
    assert direction_of(EVERYTHING).within((0, 0, 1, 1)) == direction_of(EVERYTHING)


def test_the_empty_direction_is_empty_through_any_crop() -> None:
    assert Direction().within((0.2, 0.1, 0.8, 0.9)) == Direction()


def test_the_documented_example_is_one_and_names_every_part() -> None:
    text = (Path(__file__).parents[2] / "docs" / "directing.md").read_text(encoding="utf-8")
    example = json.loads(re.findall(r"```json\n(.*?)```", text, re.DOTALL)[0])
    assert direction_of(example).parts
    assert set(example) == set(Direction.model_fields)
    assert set(example["camera"]) == set(CameraPath.model_fields)
