"""Shapes and sizes that clips are asked for in."""

from __future__ import annotations

import math
from itertools import product

from pipelines.request import SIZE_STEP

SHAPES = {"16:9": 16 / 9, "1:1": 1.0, "4:5": 4 / 5, "9:16": 9 / 16}
"""Width over height, by what people call it."""

SIZES = {"Small": (576, 320), "Standard": (1024, 576), "Large": (1280, 704)}
"""Width and height in pixels at 16:9; other shapes have about as many pixels."""

WIDEST = 2.4
"""Width over height of the widest clip, and the other way round: a cinema's. What is longer is cropped to it."""

AREA_WEIGHT = 0.15
"""How much it counts that a size is off by a factor, beside a shape that is: more to compute against more cut off."""

LONGEST_SIDE = 2048
"""Pixels, of any clip."""


def size_of(shape: float, size: str) -> tuple[int, int]:
    """Width and height in pixels, multiples of `SIZE_STEP`, nearest to a shape (width over height) in a named size."""
    wanted = min(max(shape, 1 / WIDEST), WIDEST)
    area = math.prod(SIZES[size])

    def badness(sides: tuple[int, int]) -> float:
        width, height = sides
        return abs(math.log(width / height / wanted)) + AREA_WEIGHT * abs(math.log(width * height / area))

    sides = range(SIZE_STEP, LONGEST_SIDE + 1, SIZE_STEP)
    return min(product(sides, sides), key=badness)
