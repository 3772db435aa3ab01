"""Places of a direction on a picture: lines in image widths, and spots as masks."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.direction import FULL, Point
from pipelines.families.pocket.masks import Mask


def in_widths(points: Iterable[Point], size: tuple[int, ...]) -> NDArray[np.float64]:
    """Places `[n, 2]` (x, y) in image widths, of a picture of that height and width."""
    return np.array(list(points), np.float64) / FULL * [1, size[0] / size[1]]


def along(line: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far each place `[n]` of a line `[n, 2]` is from its beginning, along it."""
    return np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])


def spots(points: Iterable[Point], size: tuple[int, int], radius: int) -> Mask:
    """Discs around places, bool `[height, width]`."""
    height, width = size
    inside = np.zeros(size, np.uint8)
    for x, y in points:
        cv2.circle(inside, (int(x / FULL * width), int(y / FULL * height)), radius, 1, -1)
    return inside > 0
