"""Camera moves over cards: near things go farther, the aim stays, and nothing from outside the still is shown."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest

from pipelines.families.pocket.camera import PRIOR, Move, backward, drawn_move
from pipelines.families.pocket.cards import Deck
from pipelines.families.pocket.course import MOST_BARED, bared, course_of
from pipelines.families.pocket.framing import MAX_OVERSCAN

SMALL = 0.02

AIM = (0.5, 0.7)

NEAR, FAR, SKY = (0.9, 0.2), (0.5, 0.2), (0.15, 0.2)
"""Places (down, across) of the ground and the sky, in shares of the picture."""


def moved(deck: Deck, camera: str, place: tuple[float, float]) -> np.ndarray:
    """How far a place of the picture goes on screen, (x, y) in image widths."""
    field = backward(deck, lambda plane: drawn_move(camera, deck, AIM, 0).of_length(SMALL).seen(plane, 1.0))
    rows, columns = deck.labels.shape
    return -field[:, round(place[0] * rows), round(place[1] * columns)]


@pytest.mark.parametrize(("camera", "axis", "sign"), [("left", 0, 1), ("right", 0, -1), ("up", 1, 1), ("down", 1, -1)])
def test_travel_moves_the_picture_the_other_way_and_near_things_farther(deck, camera, axis, sign) -> None:
    near, far, sky = (sign * moved(deck, camera, place)[axis] for place in (NEAR, FAR, SKY))
    assert near > far > sky
    assert near > 0


@pytest.mark.parametrize(
    ("camera", "axis", "sign"), [("pan-left", 0, 1), ("pan-right", 0, -1), ("tilt-up", 1, 1), ("tilt-down", 1, -1)]
)
def test_a_turn_moves_all_alike(deck, camera, axis, sign) -> None:
    found = [moved(deck, camera, place) for place in (NEAR, FAR, SKY)]
    assert all(each[axis] == pytest.approx(sign * SMALL, abs=1e-5) for each in found)
    assert all(each[1 - axis] == pytest.approx(0, abs=1e-5) for each in found)


@pytest.mark.parametrize(("camera", "sign"), [("in", 1), ("out", -1)])
def test_going_in_parts_the_picture_from_the_aim(deck, camera, sign) -> None:
    left, right = moved(deck, camera, (0.9, 0.1)), moved(deck, camera, (0.9, 0.9))
    assert sign * left[0] < 0 < sign * right[0]
    assert np.abs(moved(deck, camera, (AIM[1], AIM[0]))).max() < 2e-3


@pytest.mark.parametrize("camera", ["orbit-left", "orbit-right"])
def test_an_orbit_holds_its_aim_while_near_and_far_part(deck, camera) -> None:
    held, near, sky = (moved(deck, camera, place)[0] for place in ((AIM[1], AIM[0]), NEAR, SKY))
    assert abs(held) < 2e-3
    assert near * sky < 0


def test_straight_lines_stay_straight(deck) -> None:
    """Through any card, to a hundredth of a pixel of 1024."""
    line = np.stack([np.linspace(-0.4, 0.3, 9), np.linspace(-0.2, 0.25, 9), np.ones(9)], 1)
    for camera in ("in", "orbit-left", "up"):
        for card in deck.cards:
            seen = line @ drawn_move(camera, deck, AIM, 0).of_length(0.2).seen(card.plane, 1.0).T
            seen = seen[:, :2] / seen[:, 2:]
            along = seen[-1] - seen[0]
            aside = np.array([-along[1], along[0]]) / np.hypot(*along)
            bend = np.abs((seen - seen[0]) @ aside)
            assert bend.max() * 1024 < 0.01


@pytest.mark.parametrize("camera", [*PRIOR, "hold"])
@pytest.mark.parametrize("wanted", [0.03, 1.0])
def test_a_course_stays_within_what_the_picture_bears(deck, camera, wanted) -> None:
    course = course_of(deck, drawn_move(camera, deck, AIM, 0), wanted)
    way, first = course.at(0)
    assert way == 0
    assert first.overscan == 0
    for share in (0.3, 0.6, 1.0):
        way, edges = course.at(share)
        assert edges.overscan <= MAX_OVERSCAN + 1e-6
        # what is shown lies inside the still: no source of the window is beyond an edge by a place of the grid
        left, top, size = edges.window()
        field = backward(deck, functools.partial(course.move.seen, share=way))
        rows, columns = deck.labels.shape
        inside = np.s_[
            round(top * rows) + 1 : int((top + size) * rows) - 1,
            round(left * columns) + 1 : int((left + size) * columns) - 1,
        ]
        x = (np.arange(columns) + 0.5) / columns + field[0]
        y = ((np.arange(rows) + 0.5) / rows)[:, None] + field[1] * columns / rows
        assert x[inside].min() > -1 / columns
        assert x[inside].max() < 1 + 1 / columns
        assert y[inside].min() > -1 / rows
        assert y[inside].max() < 1 + 1 / rows
    assert bared(deck, backward(deck, lambda plane: course.move.seen(plane, 1.0))) <= MOST_BARED * 1.15


def test_more_is_farther_up_to_what_the_picture_bears(deck) -> None:
    lengths = [
        course_of(deck, drawn_move("left", deck, AIM, 0), wanted).move.length for wanted in (0.001, 0.01, 0.03, 0.1)
    ]
    assert all(b > a for a, b in itertools.pairwise(lengths))


def test_held_it_does_not_move(deck) -> None:
    course = course_of(deck, drawn_move("hold", deck, AIM, 0), 0.03)
    assert not backward(deck, lambda plane: course.move.seen(plane, 1.0)).any()


def test_the_seed_draws_the_move_and_only_when_it_may(deck) -> None:
    drawn = {drawn_move("auto", deck, AIM, seed).name for seed in range(60)}
    assert len(drawn) > 5
    assert "hold" not in drawn
    assert drawn_move("auto", deck, AIM, 3) == drawn_move("auto", deck, AIM, 3)
    assert {drawn_move("tilt-up", deck, AIM, seed).name for seed in range(5)} == {"tilt-up"}


def test_a_move_of_no_length_changes_nothing() -> None:
    move = Move("in", (0.1, 0.2), 0.5, 0.0)
    assert np.allclose(move.seen(np.array([0.1, 0.2, 0.3]), 1.0), np.eye(3))
