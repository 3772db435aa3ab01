"""The fold guard, the overscan and the outlines, on motions whose bounds are known."""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
import pytest

from pipelines.pocket.framing import MAX_OVERSCAN, Edges, framing, outside
from pipelines.pocket.guard import DETERMINANT_RANGE, determinants, limit, tame, within_bounds
from pipelines.pocket.motion import FIELD_WIDTH, MOST_PLACES, Motion, field_shape
from tests.pipelines.pocket.motions import (
    ROWS,
    backdrop_of,
    block,
    pan,
    parallax,
    passing,
    places,
    ripples,
    steady,
    swaying,
    swirl,
    zoom,
)

WANTED = (0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5)
"""Travel in image widths per clip, from what hardly shows to what no motion can bear."""

WILD = {
    "pan": backdrop_of(pan(0.3)),
    "zoom out": backdrop_of(zoom(0.5)),
    "zoom in": backdrop_of(zoom(-0.5)),
    "swirl": backdrop_of(swirl(6.0)),
    "ripples": backdrop_of(ripples(0.05)),
    "swaying": backdrop_of(swaying(0.1)),
    "swaying nearer": backdrop_of(swaying(0.1, -0.4)),
    "parallax": parallax(0.1),
}

ROUNDING = 0.002
"""Share of the still that a frame between those that the guard watches may need more."""


def test_determinant_of_standing_still_is_one():
    assert np.allclose(determinants(np.zeros((2, 9, 16), np.float32)), 1)


def test_determinant_of_a_zoom_is_the_area_it_takes():
    field = zoom(0.2).frame(24)
    assert np.allclose(determinants(field), 1.2**2, atol=1e-3)
    assert np.allclose(determinants(-field), 0.8**2, atol=1e-3)


def test_determinant_of_a_mirror_is_negative():
    x, y = places()
    assert determinants(np.stack([-2 * x, np.zeros_like(y)])).max() < 0


def test_a_pan_needs_overscan_at_one_edge_only():
    edges = outside(pan(0.05).frame(24))
    assert edges.right == pytest.approx(0.05, abs=0.01)
    assert (edges.left, edges.top, edges.bottom) == (0, 0, 0)


def test_coming_nearer_needs_no_overscan():
    assert outside(zoom(-0.2).frame(24)) == Edges(0, 0, 0, 0)


def test_backing_off_needs_overscan_all_around():
    edges = outside(zoom(0.1).frame(24))
    around = (edges.left, edges.right, edges.top, edges.bottom)
    assert around == pytest.approx((0.045,) * 4, abs=0.005)


def test_the_window_keeps_the_stills_shape_and_stays_inside():
    left, top, size = Edges(0.02, 0.05, 0.0, 0.01).window()
    assert size == pytest.approx(0.93)
    assert left >= 0.02
    assert left + size <= 0.95 + 1e-9
    assert top >= 0
    assert top + size <= 0.99 + 1e-9


@cache
def tamed(name, wanted) -> Motion:
    """One of the wild ones at this travel; several tests look at each."""
    return tame(WILD[name], wanted)


@pytest.mark.parametrize("name", WILD)
@pytest.mark.parametrize("wanted", WANTED)
def test_tamed_motion_neither_folds_nor_leaves_the_still(name, wanted):
    motion = tamed(name, wanted)
    assert within_bounds(motion)
    for index, cut in enumerate(framing(motion)[1:], start=1):
        found = determinants(motion.frame(index))
        assert found.min() * (1 - cut.overscan) ** 2 >= DETERMINANT_RANGE[0], "as it is shown, cropped in"
        assert found.max() <= DETERMINANT_RANGE[1]
        assert cut.overscan <= MAX_OVERSCAN + ROUNDING


@pytest.mark.parametrize("name", WILD)
def test_more_wanted_is_more_motion(name):
    found = [tamed(name, wanted).travel() for wanted in WANTED]
    assert all(later >= earlier for earlier, later in itertools.pairwise(found)), found
    assert found[3] > found[2] > found[1] > found[0]


@pytest.mark.parametrize("name", WILD)
def test_little_motion_is_obeyed(name):
    assert tamed(name, 0.005).travel() == pytest.approx(0.005, rel=0.05)


def test_a_sound_motion_keeps_its_shape():
    motion = swirl(1.0)
    small = tame(backdrop_of(motion), motion.travel() / 10)
    assert np.allclose(small.components, motion.components / 10, atol=1e-4)


def test_limit_is_the_last_factor_that_holds():
    motion = swirl(8.0)
    factor = limit(motion)
    assert factor < 1
    assert within_bounds(motion.scaled(factor))
    assert not within_bounds(motion.scaled(factor * 1.05))


def test_motion_that_stands_still_is_left_alone():
    still = steady(np.zeros((2, ROWS, FIELD_WIDTH), np.float32))
    assert tame(backdrop_of(still), 0.05).travel() == 0


@pytest.mark.parametrize("name", WILD)
def test_overscan_eases_in_from_the_whole_still_and_never_lets_go(name):
    cuts = framing(tamed(name, 0.1))
    assert len(cuts) == 25
    assert cuts[0] == Edges(0, 0, 0, 0)
    steps = np.diff([(cut.left, cut.right, cut.top, cut.bottom) for cut in cuts], axis=0)
    assert (steps >= -1e-9).all()
    assert (np.diff(steps, axis=0) <= 1e-6).all(), "the crop must not speed up"


def test_overscan_covers_what_every_frame_needs():
    motion = tame(backdrop_of(swirl(6.0)), 0.05)
    for index, cut in enumerate(framing(motion)[1:], start=1):
        needed = outside(motion.frame(index))
        assert cut.left >= needed.left - 1e-6
        assert cut.right >= needed.right - 1e-6
        assert cut.top >= needed.top - 1e-6
        assert cut.bottom >= needed.bottom - 1e-6


@pytest.mark.parametrize("name", WILD)
def test_half_the_motion_has_the_same_shape(name):
    whole, half = (tamed(name, wanted) for wanted in (0.02, 0.01))
    assert np.allclose(half.of_unit_travel().components, whole.of_unit_travel().components, atol=1e-4)


def test_an_outline_gives_way_only_where_it_would_fold():
    steps = np.diff(tame(passing(1.5), 0.03).frame(24)[0, ROWS // 2])
    opening, closing = steps.max(), -steps.min()
    assert opening > 1.5 * closing > 0


def test_the_subject_stays_whole_and_the_backdrop_at_rest():
    field = tame(parallax(1.0), 0.005).frame(24)[0]
    inside = field[block() > 0]
    assert np.percentile(inside, 10) > 0.9 * inside.max()
    assert np.abs(field[:, :64]).max() < 0.02 * inside.mean()


@pytest.mark.parametrize(("width", "height"), [(1024, 576), (576, 1024), (2048, 64), (64, 2048)])
def test_no_shape_of_clip_has_a_field_that_takes_minutes(width, height):
    rows, columns = field_shape(width, height)
    assert rows * columns <= MOST_PLACES * 1.02
    assert columns / rows == pytest.approx(width / height, rel=0.1)
