"""Frames in between, with the weights that are shipped."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.enhance.interpolation import Interpolator
from tests.pipelines.enhance.photos import likeness, pan


@pytest.fixture(scope="module")
def interpolator() -> Interpolator:
    return Interpolator()


@pytest.mark.parametrize("still", ["otters", "city", "flowers"])
def test_the_frame_between_is_nearer_to_the_true_one_than_an_average_or_a_copy(interpolator, still):
    before, true, after = pan(3, still=still)
    drawn = likeness(interpolator.middle(before, after), true)
    average = likeness(((before.astype(np.uint16) + after) // 2).astype(np.uint8), true)
    assert drawn > average + 3
    assert drawn > max(likeness(before, true), likeness(after, true)) + 3


def test_a_far_jump_is_still_followed(interpolator):
    before, true, after = pan(3, 320, 192, step=(45, 0))
    average = ((before.astype(np.uint16) + after) // 2).astype(np.uint8)
    assert likeness(interpolator.middle(before, after), true) > likeness(average, true) + 2


@pytest.mark.parametrize(("width", "height"), [(64, 64), (101, 75), (90, 170)])
def test_odd_and_upright_frames_keep_their_size_and_their_edges(interpolator, width, height):
    before, true, after = pan(3, width, height, step=(2, 0))
    drawn = interpolator.middle(before, after)
    assert drawn.shape == (height, width, 3)
    assert drawn.dtype == np.uint8
    # the lower edge, where the padding was: as true as the rest
    assert likeness(drawn[-8:], true[-8:]) > 28


def test_what_stands_still_stays(interpolator):
    [frame] = pan(1)
    assert likeness(interpolator.middle(frame, frame), frame) > 40
