"""A picture as flat cards: what stands before what, how near it is, and what is painted behind."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from pipelines.contract import RGB
from pipelines.eyes.seen import Sight
from pipelines.families.pocket.behind import painted
from pipelines.families.pocket.cards import Deck, deck_of
from pipelines.families.pocket.masks import parts_of
from tests.pipelines.families.pocket.conftest import HORIZON, POST


def nearness_at(deck: Deck, label: int, across: float, down: float, shape: tuple[int, ...]) -> float:
    """Of a card, at shares of the picture."""
    place = np.array([across - 0.5, (down - 0.5) * shape[0] / shape[1], 1.0])
    return float(deck.cards[label].plane @ place)


def test_sky_ground_and_what_stands_are_cards_of_their_own(deck: Deck, landscape: RGB) -> None:
    rows, columns = deck.labels.shape
    sky, ground, post = (
        deck.labels[round(y * rows), round(x * columns)] for x, y in ((0.2, 0.2), (0.2, 0.9), (0.65, 0.5))
    )
    assert (sky, ground, post) == (0, 1, 2)
    assert len(deck.cards) == 3


def test_the_sky_is_farthest_and_the_ground_recedes(deck: Deck, landscape: RGB) -> None:
    shape = landscape.shape
    assert not deck.cards[0].plane.any()
    below = [nearness_at(deck, 1, 0.3, down, shape) for down in (HORIZON + 0.1, 0.7, 0.95)]
    assert 0 < below[0] < below[1] < below[2]


def test_what_stands_is_as_near_at_its_top_as_at_its_foot(deck: Deck, landscape: RGB) -> None:
    middle = sum(POST) / 2
    top, foot = (nearness_at(deck, 2, middle, down, landscape.shape) for down in (30 / 192, 160 / 192))
    assert top == pytest.approx(foot, abs=0.15 * foot)
    assert foot == pytest.approx(nearness_at(deck, 1, middle, 160 / 192, landscape.shape), abs=0.2)


def test_behind_a_post_the_ground_goes_on(deck: Deck, landscape: RGB) -> None:
    left, right = (round(320 * share) for share in POST)
    hidden = deck.cards[1].rgb[110:150, left + 6 : right - 6].astype(float)
    assert hidden.mean() == pytest.approx(landscape[110:150, : left - 6].mean(), abs=12)
    assert deck.cards[1].alpha[120, left + 3] == 255


def test_nothing_is_painted_where_the_picture_shows_it(landscape: RGB) -> None:
    mask = np.zeros(landscape.shape[:2], np.bool_)
    mask[80:] = True
    result = painted(landscape, mask, None)
    assert np.array_equal(result[mask], landscape[mask])
    assert np.abs(result[40].astype(float) - 215).mean() > 40


def test_a_half_sure_subject_is_not_cut_out(landscape: RGB, sight: Sight) -> None:
    mask = np.zeros(landscape.shape[:2], np.float32)
    mask[40:150, 40:120] = 1
    sure, half = (dataclasses.replace(sight, subject=mask * np.float32(share)) for share in (1, 0.6))
    assert parts_of(landscape, sure).subject is not None
    assert parts_of(landscape, half).subject is None


@pytest.mark.parametrize("share", ["sky", "ground", "solid", "living"])
def test_a_picture_of_one_thing_is_a_deck(landscape: RGB, sight: Sight, share: str) -> None:
    from pipelines.eyes.materials import MATERIALS

    materials = np.zeros_like(sight.materials)
    materials[MATERIALS.index(share)] = 1
    deck = deck_of(landscape, dataclasses.replace(sight, materials=materials))
    assert len(deck.cards) >= 1
    assert np.isfinite(deck.nearness).all()
