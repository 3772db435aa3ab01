"""Masks as outlines and outlines as masks, for `Region.outlines` of a direction.

Closed polygons with corners (x, y) in whole thousandths of the width and of the height, counted from the picture's
outer edges, y down. A place is inside where an odd number of them is around it, so a hole is a polygon of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.direction import FULL, MOST_OUTLINES, MOST_POINTS

TOLERANCE = 2 / 1024
"""How far an outline may be from its mask, as a share of the longer side: 2 pixels of the usual width."""

COARSER = 1.5
"""Times the tolerance, again and again, where there are too many corners."""

CRUMB = 0.0005
"""Share of the picture below which a part, or a hole, is dropped."""

FINE = 2048
"""Pixels of the longer side at which masks are followed and outlines filled: OpenCV takes the middles of the outermost
pixels for the border, which is a quarter of a unit off there."""

Polygon = list[tuple[int, int]]

Polygons = Sequence[Sequence[Sequence[float]]]

Mask = NDArray[np.bool_]


def outline(mask: Mask, tolerance: float = TOLERANCE) -> list[Polygon]:
    """The polygons around a mask bool `[H, W]`, largest first; none where it is empty. At most `MOST_POINTS` corners.

    `tolerance` is a share of the longer side; it grows where that many corners are too few.
    """
    fine = _fine(mask)
    least = CRUMB * fine.size
    found, _ = cv2.findContours(fine, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    # a part is larger than any hole in it: where one of the two is left out, it is never the part
    borders = sorted((each for each in found if cv2.contourArea(each) >= least), key=cv2.contourArea, reverse=True)
    while True:
        polygons = [_polygon(each, tolerance * FINE, fine.shape) for each in borders[:MOST_OUTLINES]]
        if sum(map(len, polygons)) <= MOST_POINTS:
            return [each for each in polygons if len(each) >= 3]
        tolerance *= COARSER


def filled(polygons: Polygons, height: int, width: int) -> Mask:
    """The mask bool `[height, width]` within polygons."""
    finer = max(1, FINE // max(height, width))
    mask = np.zeros((finer * height, finer * width), np.uint8)
    scale = np.array([finer * width, finer * height]) / FULL
    # corners lie on edges of pixels, and OpenCV counts from the middle of the first one
    corners = [np.rint((np.array(each) * scale - 0.5) * PARTS).astype(np.int32) for each in polygons if len(each) >= 3]
    if corners:
        cv2.fillPoly(mask, corners, 255, cv2.LINE_8, PARTS.bit_length() - 1)
    return np.asarray(cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA) > HALF)


PARTS = 16
"""Of a pixel, to which OpenCV draws."""

HALF = 127
"""Of 255: a pixel belongs to a mask where at least half of it does."""


def _fine(mask: Mask) -> NDArray[np.uint8]:
    """A mask as 0 and 255 whose longer side has `FINE` pixels."""
    scale = FINE / max(mask.shape)
    size = (max(1, round(mask.shape[1] * scale)), max(1, round(mask.shape[0] * scale)))
    how = cv2.INTER_LINEAR if scale > 1 else cv2.INTER_AREA
    sized = cv2.resize(mask.astype(np.uint8) * 255, size, interpolation=how)
    return np.asarray(cv2.threshold(sized, HALF, 255, cv2.THRESH_BINARY)[1], np.uint8)


def _polygon(border: NDArray[Any], tolerance: float, shape: tuple[int, ...]) -> Polygon:
    """A border in pixels of a picture of that shape with as few corners as `tolerance` pixels allow."""
    corners = cv2.approxPolyDP(border, tolerance, closed=True)[:, 0]
    units = np.rint((corners + 0.5) * FULL / np.array([shape[1], shape[0]])).astype(int)
    polygon = [(int(x), int(y)) for x, y in units]
    return [corner for index, corner in enumerate(polygon) if corner != polygon[index - 1]]
