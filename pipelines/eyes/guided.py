"""Coarse maps sharpened to the edges of a picture: the guided filter (He, Sun and Tang, ECCV 2010), in its fast form
(He and Sun, arXiv 1505.00996)."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Guide:
    """A picture uint8 `[H, W, 3]` that other maps follow. `radius` is a share of its longer side.

    It guides at `largest` pixels of the longer side at most; `smoothest` is the variance below which there is no edge.
    """

    def __init__(self, rgb: NDArray[np.uint8], largest: int, radius: float, smoothest: float) -> None:
        self._size = rgb.shape[1::-1]
        self._whole = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
        scale = min(1.0, largest / max(self._size))
        self._small_size = (max(1, round(self._size[0] * scale)), max(1, round(self._size[1] * scale)))
        self._small = cv2.resize(self._whole, self._small_size, interpolation=cv2.INTER_AREA)
        self._radius, self._smoothest = max(1, round(radius * max(self._small_size))), smoothest
        self._mean = self._box(self._small)
        self._variance = self._box(self._small**2) - self._mean**2

    def sharpened(self, coarse: Floats) -> Floats:
        """A map `[h, w]` of the whole picture as `[H, W]`: where the picture has an edge, the map has it there."""
        values = cv2.resize(coarse, self._small_size, interpolation=cv2.INTER_LINEAR)
        mean = self._box(values)
        slope = (self._box(self._small * values) - self._mean * mean) / (self._variance + self._smoothest)
        offset = self._box(mean - slope * self._mean)
        return np.asarray(self._grown(self._box(slope)) * self._whole + self._grown(offset), np.float32)

    def _box(self, values: NDArray[Any]) -> Floats:
        side = 2 * self._radius + 1
        return np.asarray(cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT), np.float32)

    def _grown(self, values: Floats) -> Floats:
        return np.asarray(cv2.resize(values, self._size, interpolation=cv2.INTER_LINEAR), np.float32)
