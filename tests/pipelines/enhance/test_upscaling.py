"""Larger frames, with the weights that are shipped."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipelines.enhance.upscaling import Upscaler
from pipelines.errors import Cancelled
from tests.pipelines.enhance.photos import likeness, pan


@pytest.mark.parametrize("factor", [2, 4])
def test_a_larger_frame_is_the_frame_seen_larger(factor):
    [frame] = pan(1, 128, 96)
    larger = Upscaler().larger(frame, factor)
    assert larger.shape == (96 * factor, 128 * factor, 3)
    seen_smaller = np.asarray(cv2.resize(larger, (128, 96), interpolation=cv2.INTER_AREA), np.uint8)
    assert likeness(seen_smaller, frame) > 30
    assert np.abs(larger.mean((0, 1)) - frame.mean((0, 1))).max() < 4  # it brightens a little


def test_edges_are_sharper_than_resampling_makes_them():
    circle = np.full((64, 64, 3), 230, np.uint8)
    cv2.circle(circle, (32, 32), 20, (20, 60, 90), -1, cv2.LINE_AA)

    def half_way(frame):
        """Pixels that are neither inside nor outside."""
        grey = frame[..., 0].astype(int)
        return int(((grey > 60) & (grey < 190)).sum())

    lanczos = cv2.resize(circle, (256, 256), interpolation=cv2.INTER_LANCZOS4)
    assert half_way(Upscaler().larger(circle, 4)) < 0.7 * half_way(lanczos)


@pytest.mark.parametrize(("width", "height"), [(96, 133), (75, 41)])
def test_a_frame_in_strips_is_the_frame_in_one_piece(width, height):
    [frame] = pan(1, width, height)
    whole = Upscaler(strip_pixels=10**9).larger(frame, 2)
    strips = Upscaler(strip_pixels=width * 10).larger(frame, 2)
    # a level of rounding, where sums are taken in another order
    assert np.abs(whole.astype(int) - strips).max() <= 1


def test_a_large_frame_can_be_stopped_between_its_strips():
    [frame] = pan(1, 64, 64)
    looks = []

    def look():
        looks.append(1)
        if len(looks) == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        Upscaler(strip_pixels=64 * 8).larger(frame, 2, look)
    assert len(looks) == 2
