"""Frames are the still, warped: where pixels come from, and that nothing else is ever shown."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.pocket.framing import Edges, framing
from pipelines.pocket.guard import tame
from pipelines.pocket.warp import Warper
from tests.pipelines.pocket.motions import backdrop_of, pan, steady, swaying, swirl, zoom

WHOLE = [Edges(0, 0, 0, 0)] * 25


def chequers(height=144, width=256):
    """Smooth waves: every place can be told from its neighbours, and cubic interpolation is exact to a grey level."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    waves = [np.sin(x / 9), np.sin(y / 7), np.sin((x + y) / 11)]
    return np.round(np.stack(waves, -1) * 100 + 128).astype(np.uint8)


def test_frame_0_is_the_still_and_not_the_callers_array():
    still = chequers()
    frame = Warper(still, pan(0.1), framing(pan(0.1))).frame(0)
    assert np.array_equal(frame, still)
    frame[:] = 0
    assert still.any()


def test_no_motion_shows_the_still_in_every_frame():
    still = chequers()
    motion = steady(np.zeros((2, 144, 256), np.float32))
    warper = Warper(still, motion, framing(motion))
    assert all(np.array_equal(warper.frame(index), still) for index in (1, 12, 24))


def test_a_pan_by_whole_pixels_moves_the_still_by_them():
    still = chequers()
    frame = Warper(still, pan(24 / 256), WHOLE).frame(24)
    assert np.abs(frame[:, :200].astype(int) - still[:, 24:224]).max() <= 1


@pytest.mark.parametrize("size", [(144, 256), (576, 1024), (64, 128), (450, 800)])
def test_sources_are_displaced_by_the_field_at_any_size(size):
    height, width = size
    x, y = Warper(np.zeros((*size, 3), np.uint8), pan(0.1), WHOLE).sources(24)
    assert np.allclose(x - np.arange(width)[None], 0.1 * width, atol=0.02)
    assert np.allclose(y - np.arange(height)[:, None], 0, atol=0.02)


@pytest.mark.parametrize("size", [(144, 256), (576, 1024), (288, 512)])
def test_the_middle_of_a_zoom_stays_in_the_middle_at_any_size(size):
    height, width = size
    x, y = Warper(np.zeros((*size, 3), np.uint8), zoom(0.1), WHOLE).sources(24)
    inside = np.s_[height // 8 : -height // 8, width // 8 : -width // 8]
    across, down = np.meshgrid(np.arange(width) + 0.5 - width / 2, np.arange(height) + 0.5 - height / 2)
    assert np.allclose((x + 0.5 - width / 2)[inside], 1.1 * across[inside], atol=0.02)
    assert np.allclose((y + 0.5 - height / 2)[inside], 1.1 * down[inside], atol=0.02)


@pytest.mark.parametrize("motion", [pan(0.5), pan(-0.5), zoom(0.5), zoom(-0.5), swirl(6.0), swaying(0.3)])
def test_nothing_from_outside_the_still_is_shown(motion):
    tamed = tame(backdrop_of(motion), 0.2)
    warper = Warper(np.zeros((144, 256, 3), np.uint8), tamed, framing(tamed))
    for index in range(1, 25):
        x, y = warper.sources(index)
        assert x.min() >= -0.6
        assert y.min() >= -0.6
        assert x.max() <= 255.6
        assert y.max() <= 143.6


def test_the_border_of_a_still_is_never_mirrored_into_view():
    """A blue still with a thin red right edge: a mirrored edge would show the red line twice as thick."""
    still = np.zeros((144, 256, 3), np.uint8)
    still[..., 2], still[:, -3:] = 255, (255, 0, 0)
    tamed = tame(backdrop_of(pan(0.5)), 0.1)
    warper = Warper(still, tamed, framing(tamed))
    for index in range(1, 25):
        red = (warper.frame(index)[..., 0] > 127).sum(1)
        assert red.max() <= 4


def test_a_crop_alone_magnifies_about_its_window():
    still = chequers()
    motion = steady(np.zeros((2, 144, 256), np.float32))
    cuts = [Edges(0, 0, 0, 0)] + [Edges(0.05, 0.05, 0.05, 0.05)] * 24
    x, y = Warper(still, motion, cuts).sources(24)
    assert x[0, 0] + 0.5 == pytest.approx(0.05 * 256 + 0.45, abs=0.01)
    assert x[0, -1] + 0.5 == pytest.approx(0.95 * 256 - 0.45, abs=0.01)
    assert np.diff(y[:, 0]).mean() == pytest.approx(0.9, abs=1e-3)
