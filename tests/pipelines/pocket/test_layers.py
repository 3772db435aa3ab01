"""Three smooth layers and two outlines make one motion."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.pocket.layers import LAYERS, compose, enlarge, outline, skyline


def flat_layers(backdrop, relief_shift, subject_shift):
    return np.stack([np.full((1, 2, 6, 8), value, np.float32) for value in (backdrop, relief_shift, subject_shift)])


def test_every_place_moves_as_what_stands_there():
    nothing, all_of_it = np.zeros((6, 8), np.float32), np.ones((6, 8), np.float32)
    layers = flat_layers(1, 10, 100)
    assert len(LAYERS) == len(layers)
    assert (compose(layers, nothing, nothing) == 1).all()
    assert (compose(layers, all_of_it, nothing) == 11).all()
    assert (compose(layers, nothing, all_of_it) == 101).all()
    assert (compose(layers, all_of_it, all_of_it) == 101).all(), "a subject hides the relief behind it"


def test_half_a_mask_is_half_the_shift():
    half = np.full((6, 8), 0.5, np.float32)
    assert np.allclose(compose(flat_layers(0, 0, 4), half * 0, half), 2)


@pytest.mark.parametrize("shape", [(18, 32), (144, 256), (17, 31)])
def test_enlarged_layers_keep_their_values(shape):
    y, x = np.mgrid[:9, :16].astype(np.float32)
    slope = np.broadcast_to(x / 16 + y / 9, (3, 4, 2, 9, 16)).astype(np.float32)
    large = enlarge(slope, shape)
    assert large.shape == (3, 4, 2, *shape)
    assert large.dtype == np.float32
    assert large.mean() == pytest.approx(slope.mean(), abs=0.02)
    assert np.abs(np.diff(large[0, 0, 0], axis=1)).max() < 3 / shape[1]


def test_sky_is_far_and_what_stands_before_it_is_near():
    rgb = np.full((144, 256, 3), (120, 160, 220), np.uint8)
    rgb[70:] = np.random.default_rng(0).integers(40, 200, (74, 256, 3))
    relief = skyline(rgb)
    assert relief.shape == (144, 256)
    assert relief.dtype == np.float32
    assert relief[:50].mean() < 0.2
    assert relief[90:].mean() > 0.8
    assert relief.min() >= 0
    assert relief.max() <= 1


@pytest.mark.parametrize("level", [0, 255])
def test_a_plain_still_has_no_relief(level):
    assert skyline(np.full((40, 60, 3), level, np.uint8)).max() == 0


def blob(height=144, width=256, level=1.0):
    """A sure subject, 80 pixels high and 60 wide."""
    mask = np.zeros((height, width), np.float32)
    mask[32:112, 98:158] = level
    return mask


def test_a_sure_subject_is_kept_as_it_is():
    assert np.abs(outline(blob()) - blob()).mean() < 0.01


def test_holes_are_closed_and_specks_dropped():
    mask = blob()
    mask[60:64, 120:124] = 0
    mask[10:14, 10:14] = 1
    kept = outline(mask)
    assert kept[60:64, 120:124].min() > 0.9
    assert kept[:24, :24].max() == 0


def test_a_subject_that_is_only_half_there_is_faded():
    assert outline(blob(level=0.6)).max() < 0.1


def test_no_subject_has_no_outline():
    assert outline(np.zeros((144, 256), np.float32)).max() == 0
