"""What is said is done: where the camera goes, what streams which way, what keeps still, whether the clip closes."""

from __future__ import annotations

import itertools
from typing import Any

import cv2
import numpy as np
import pytest

from pipelines.contract import RGB
from pipelines.direction import Direction, direction_of
from pipelines.eyes.seen import Sight
from pipelines.families.pocket.cards import Deck, held
from pipelines.families.pocket.course import MOST_BARED, bared
from pipelines.families.pocket.happening import CHANNELS, Happening
from pipelines.families.pocket.movers import with_movers
from pipelines.families.pocket.path import path_of
from pipelines.families.pocket.render import Renderer
from pipelines.families.pocket.said import Stage, directed
from pipelines.families.pocket.shake import shaken
from pipelines.families.pocket.stirring import ambient_of

SECONDS = 3.0

AIM = (0.25, 0.9)
"""A place on the near ground of the drawn landscape."""

WATER = [[20, 500], [480, 500], [480, 980], [20, 980]]
"""Inside the left half of its ground, which is water."""


@pytest.fixture(scope="module")
def calm(sight: Sight) -> Any:
    """Nothing was drawn to happen: what moves was said, or is what water does at least."""
    happening = Happening(np.zeros((CHANNELS, 12, 20), np.float32))
    return ambient_of(sight, happening, np.full((10, 16), 0.7, np.float32), 1.0, (1, SECONDS))


def drawn(landscape: RGB, deck: Deck, sight: Sight, usual: Any, **said: Any) -> Renderer:
    """A clip of the landscape by what was said, the camera held unless that said more."""
    direction = direction_of(said)
    ambient = directed(usual, direction, Stage(sight, 1.0))
    still = held(landscape, deck)
    keys = said.get("camera") or {"keys": [{}, {"t": 1}]}
    path = path_of(deck if "camera" in said else still, direction_of({"camera": keys}).camera, AIM, direction.loop)
    cards = with_movers(deck if "camera" in said else still, landscape, direction)
    return Renderer(landscape, cards, path, ambient)


def flow_between(one: RGB, other: RGB) -> np.ndarray:
    """Pixels by which places of one frame have moved in another, `[H, W, 2]`."""
    grey = (cv2.cvtColor(each, cv2.COLOR_RGB2GRAY) for each in (one, other))
    return cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(*grey, None)


def test_nothing_said_changes_nothing(sight, calm) -> None:
    assert directed(calm, Direction(), Stage(sight, 1.0)) is calm


KEYS = {
    "aside": {"x": 560, "zoom": 1.3},
    "up and closer": {"y": 440, "zoom": 1.25},
    "rolling": {"zoom": 1.4, "roll": 6},
}


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("depth", [0.0, 1.0])
def test_at_its_aim_the_camera_shows_exactly_the_part_that_was_asked_for(deck, key, depth) -> None:
    told = {"keys": [{}, {"t": 1, **KEYS[key]}], "depth": depth}
    path = path_of(deck, direction_of({"camera": told}).camera, AIM, False)
    asked = {"x": 500, "y": 500, "zoom": 1, "roll": 0} | KEYS[key]
    ratio = deck.labels.shape[0] / deck.labels.shape[1]
    middle = np.array([asked["x"] / 1000 - 0.5, (asked["y"] / 1000 - 0.5) * ratio])
    angle, size = np.deg2rad(asked["roll"]), 1 / asked["zoom"]
    turn = size * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    plane = np.array([0, 0, path.nearness])
    for corner in ([-0.5, -ratio / 2], [0.5, ratio / 2], [0.2, -0.1]):
        source = path.through(plane, 1.0) @ [*corner, 1]
        assert source[:2] / source[2] == pytest.approx(middle + turn @ corner, abs=1e-9)
    assert np.allclose(path.through(plane, 0.0), np.eye(3))
    assert path.told == ""
    assert max(bared(deck, field_at(deck, path, share)) for share in (0.3, 0.7, 1.0)) <= MOST_BARED * 1.05


def field_at(deck: Deck, path: Any, share: float) -> np.ndarray:
    from pipelines.families.pocket.camera import backward

    return backward(deck, lambda plane: path.seen(plane, share))


def test_what_is_nearer_goes_farther_than_the_aim_and_the_sky_less(deck) -> None:
    told = {"keys": [{}, {"t": 1, "x": 540, "zoom": 1.2}]}
    path = path_of(deck, direction_of({"camera": told}).camera, (0.25, 0.7), False)
    at = [(path.through(np.array([0, 0, near]), 1.0) @ [0, 0, 1])[0] for near in (0.0, path.nearness, 1.0)]
    assert at[0] < at[1] < at[2]


def test_a_camera_that_would_leave_the_picture_goes_as_far_as_it_can_and_says_so(deck) -> None:
    told = {"keys": [{}, {"t": 1, "x": 900, "zoom": 1.2}]}
    path = path_of(deck, direction_of({"camera": told}).camera, AIM, False)
    assert "left the picture" in path.told
    right = path.through(np.zeros(3), 1.0) @ [0.5, 0, 1]
    assert right[0] / right[2] <= 0.5 + 1e-9


def test_it_goes_through_its_keys_without_turning_back(deck) -> None:
    told = {"keys": [{}, {"t": 0.3, "x": 520, "zoom": 1.3}, {"t": 1, "x": 560, "zoom": 1.3}]}
    path = path_of(deck, direction_of({"camera": told}).camera, AIM, False)
    x = [path.view(share).x for share in np.linspace(0, 1, 50)]
    assert path.view(0.3).x == pytest.approx(0.02)
    assert all(later >= earlier for earlier, later in itertools.pairwise(x))


@pytest.mark.parametrize("toward", [0, 90, 180, 225])
def test_an_arrow_says_which_way_and_how_fast(landscape, deck, sight, calm, toward) -> None:
    way = np.array([np.cos(np.deg2rad(toward)), np.sin(np.deg2rad(toward))])
    ends = np.array([250, 740]) + np.outer([-1, 1], way) * [90, 150]
    arrow = {"path": ends.tolist(), "speed": 0.05}
    renderer = drawn(landscape, deck, sight, calm, arrows=[arrow])
    steps = np.array([0.45, 0.45 + 1 / 72])
    found = flow_between(*(renderer.frame(float(share)) for share in steps))
    middle = np.array([250, 740]) + np.outer(np.linspace(-0.6, 0.6, 15), way) * [90, 150]
    along = [found[round(y * 192 / 1000), round(x * 320 / 1000)] for x, y in middle]
    speed = np.median(along, 0) / 320 / (SECONDS / 72)
    assert np.hypot(*speed) == pytest.approx(0.05, rel=0.15)
    assert np.dot(speed, way) / np.hypot(*speed) > np.cos(np.deg2rad(10))


def test_only_what_was_said_moves_and_all_else_is_the_still_to_the_bit(landscape, deck, sight, calm) -> None:
    renderer = drawn(
        landscape, deck, sight, calm, only=True, regions=[{"outlines": [WATER], "do": "ripple", "strength": 3}]
    )
    inside = np.zeros(landscape.shape[:2], np.uint8)
    cv2.fillPoly(inside, [(np.array(WATER) / 1000 * [320, 192]).astype(np.int32)], 1)
    for share in (0.2, 0.6, 1.0):
        changed = (renderer.frame(share) != landscape).any(2)
        assert not (changed & (inside == 0)).any()
        assert changed[inside > 0].mean() > 0.3


def test_anchors_and_still_regions_keep_every_pixel(landscape, deck, sight, calm) -> None:
    anchor, part = (100, 800), [[200, 600], [400, 600], [400, 900], [200, 900]]
    arrow = {"path": [[40, 750], [440, 750]], "speed": 0.06}
    renderer = drawn(
        landscape, deck, sight, calm, arrows=[arrow], anchors=[anchor], regions=[{"outlines": [part], "do": "still"}]
    )
    changed = np.any([(renderer.frame(share) != landscape).any(2) for share in (0.3, 0.7)], 0)
    x, y = round(0.1 * 320), round(0.8 * 192)
    assert not changed[y - 4 : y + 5, x - 4 : x + 5].any()
    assert not changed[round(0.6 * 192) + 1 : round(0.9 * 192), round(0.2 * 320) + 1 : round(0.4 * 320)].any()
    assert changed.any()


def test_what_bends_is_at_the_arrows_end_when_the_clip_ends(landscape, deck, sight, calm) -> None:
    renderer = drawn(landscape, deck, sight, calm, arrows=[{"path": [[250, 700], [265, 720]], "do": "bend"}])
    x, y = (round(share * side) for share, side in ((0.25, 320), (0.7, 192)))
    moved = -renderer.ambient.wobble(SECONDS) * 320
    row, column = (round(place / 320 * 256) for place in (y, x))
    assert moved[0, row, column] == pytest.approx(0.015 * 320, abs=1.0)
    assert moved[1, row, column] == pytest.approx(0.02 * 192, abs=1.0)


def test_an_arrow_does_not_carry_along_what_is_of_another_kind(landscape, deck, sight, calm) -> None:
    renderer = drawn(
        landscape, deck, sight, calm, only=True, arrows=[{"path": [[100, 750], [400, 750]], "speed": 0.06}]
    )
    changed = (renderer.frame(0.5) != landscape).any(2)
    assert changed[100:, :150].any()
    assert not changed[:, 170:].any()
    assert not changed[:70].any()


def test_a_loop_closes_at_its_usual_pace(landscape, deck, sight, calm) -> None:
    arrow = {"path": [[100, 750], [400, 750]], "speed": 0.04}
    camera = {"keys": [{}, {"t": 1, "x": 530, "zoom": 1.2}]}
    renderer = drawn(landscape, deck, sight, calm, loop=True, arrows=[arrow], camera=camera)
    frames = [renderer.frame(index / 48) for index in range(48)]
    assert np.array_equal(frames[0], landscape)
    steps = [np.abs(a.astype(int) - b).mean() for a, b in zip(frames, [*frames[1:], frames[0]], strict=True)]
    assert steps[-1] <= 1.2 * np.median(steps)
    assert np.median(steps) > 0.2


def test_a_hand_shakes_the_camera_and_never_shows_what_is_outside(landscape, deck, sight, calm) -> None:
    still = drawn(landscape, deck, sight, calm)
    corners = np.array([[-0.5, -0.3, 1], [0.5, -0.3, 1], [-0.5, 0.3, 1], [0.5, 0.3, 1]])
    for loops in (False, True):
        way = shaken(still.course, 1.0, (5, SECONDS), loops, 0.6)
        assert np.allclose(way.through(np.zeros(3), 0.0), np.eye(3))
        seen = np.array([corners @ way.through(np.zeros(3), share).T for share in np.linspace(0, 1, 60)])
        assert np.abs(seen[..., 0]).max() <= 0.5
        assert np.abs(seen[..., 1]).max() <= 0.3
        middles = np.array([way.through(np.zeros(3), share)[:2, 2] for share in np.linspace(0, 1, 60)])
        assert np.ptp(middles, axis=0).min() > 0.003
    assert np.allclose(way.through(np.zeros(3), 1.0), np.eye(3))
    assert shaken(still.course, 0.0, (5, SECONDS), False, 0.6) is still.course


def test_what_shall_be_calm_does_not_move_by_itself(landscape, deck, sight, calm) -> None:
    moving, without = (drawn(landscape, deck, sight, calm, calm=kinds) for kinds in ((), ("water",)))
    assert (moving.frame(0.7) != landscape).any()
    assert np.array_equal(without.frame(0.7), landscape)


def test_a_thing_goes_along_its_path_as_a_whole_and_bares_what_is_around_it(landscape, deck, sight, calm) -> None:
    """The dark post, sent a tenth of the width to the left."""
    post = [[595, 150], [705, 150], [705, 840], [595, 840]]
    said = {"only": True, "regions": [{"outlines": [post], "do": "move", "path": [[650, 500], [550, 500]]}]}
    renderer = drawn(landscape, deck, sight, calm, **said)
    first, last = renderer.frame(0.001), renderer.frame(1.0)
    assert np.abs(first.astype(int) - landscape).max() <= 2
    is_post = (last[..., 0] < 100) & (last[..., 1] < 40)
    columns = np.flatnonzero(is_post[60:140].mean(0) > 0.9)
    assert abs(columns.min() - (round(0.6 * 320) - 32)) <= 1
    assert abs(columns.max() - (round(0.7 * 320) - 33)) <= 1
    # where it stood are the colours of what stands around it
    assert last[50:70, 205:220].mean() > 170
    assert 90 < last[110:150, 205:220].mean() < 150
    # and all else is the still
    assert np.array_equal(last[:, 250:], landscape[:, 250:])
    assert np.array_equal(last[:, :130], landscape[:, :130])


def test_in_a_loop_a_thing_comes_back(landscape, deck, sight, calm) -> None:
    post = [[595, 150], [705, 150], [705, 840], [595, 840]]
    said = {
        "only": True,
        "loop": True,
        "regions": [{"outlines": [post], "do": "move", "path": [[650, 500], [550, 500]]}],
    }
    renderer = drawn(landscape, deck, sight, calm, **said)
    assert np.abs(renderer.frame(0.999).astype(int) - landscape).mean() < 0.2
    assert np.abs(renderer.frame(0.5).astype(int) - landscape).mean() > 2
