"""Frames from a still and its motion: every pixel of every frame is taken from the still at full resolution."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.contract import RGB
from pipelines.pocket.framing import Edges
from pipelines.pocket.layers import Floats
from pipelines.pocket.motion import Motion


class Warper:
    """Renders single frames of a clip."""

    def __init__(self, still: RGB, motion: Motion, cuts: list[Edges]) -> None:
        self.still, self.motion, self.cuts = still, motion, cuts
        height, width = still.shape[:2]
        self._x = (np.arange(width, dtype=np.float32) + np.float32(0.5))[None]
        self._y = (np.arange(height, dtype=np.float32) + np.float32(0.5))[:, None]

    def frame(self, index: int) -> RGB:
        """Frame `index` of the clip, uint8 `[H, W, 3]`; frame 0 is the still itself."""
        if index == 0:
            return self.still.copy()
        source_x, source_y = self.sources(index)
        frame = cv2.remap(self.still, source_x, source_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
        return np.asarray(frame, np.uint8)

    def sources(self, index: int) -> tuple[Floats, Floats]:
        """Pixel coordinates in the still of every pixel of a frame: cropped in, then displaced."""
        height, width = self.still.shape[:2]
        left, top, size = window = self.cuts[index].window()
        field = _crop(self.motion.frame(index) * np.float32(width), window, (width, height))
        x, y = self._x * size + left * width, self._y * size + top * height
        return x + field[0] - 0.5, y + field[1] - 0.5


def _crop(field: Floats, window: tuple[float, float, float], size: tuple[int, int]) -> Floats:
    """The part of a field `[2, h, w]` inside a window, enlarged to `size` (width, height) in pixels."""
    rows, columns = field.shape[1:]
    left, top, share = window
    zoom = np.array([[share * columns / size[0], 0, left * columns], [0, share * rows / size[1], top * rows]])
    zoom[:, 2] += (zoom[:, :2].sum(1) - 1) / 2
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    planes = [cv2.warpAffine(plane, zoom, size, flags=flags, borderMode=cv2.BORDER_REPLICATE) for plane in field]
    return np.asarray(np.stack(planes), np.float32)
