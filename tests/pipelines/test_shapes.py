from __future__ import annotations

import math

import pytest

from pipelines.request import parse_request
from pipelines.shapes import SHAPES, SIZES, WIDEST, size_of

RATIOS = [*SHAPES.values(), 3 / 2, 2 / 3, 4 / 3, 3 / 4, 1.91, 2.2, 0.45]


@pytest.mark.parametrize("size", SIZES)
def test_every_shape_has_a_size_that_is_allowed_and_near_to_it(size):
    for ratio in RATIOS:
        width, height = size_of(ratio, size)
        assert parse_request({"width": width, "height": height})
        assert abs(math.log(width / height / ratio)) < 0.08
        assert abs(math.log(width * height / math.prod(SIZES[size]))) < 0.3


def test_the_named_sizes_are_those_of_16_to_9_and_stand_up_as_well():
    for size, (width, height) in SIZES.items():
        assert size_of(16 / 9, size) == (width, height)
        assert size_of(9 / 16, size) == (height, width)


def test_what_is_longer_than_a_cinema_is_cropped_to_it():
    assert size_of(64, "Standard") == size_of(WIDEST, "Standard")
    assert size_of(1 / 64, "Standard") == size_of(1 / WIDEST, "Standard")
