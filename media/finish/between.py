"""Frames between two frames, from the optical flow that OpenCV's DIS finds (Kroeger et al. 2016, arXiv 1603.03590)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.contract import RGB

Flow = NDArray[np.float32]
"""Displacements in pixels, `[H, W, 2]`."""


class Between:
    """Two neighbouring frames, uint8 `[H, W, 3]`, and whatever lies between them."""

    def __init__(self, before: RGB, after: RGB) -> None:
        self.before, self.after = before, after
        grey = [np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.uint8) for frame in (before, after)]
        self._there, self._back = _flow(grey[0], grey[1]), _flow(grey[1], grey[0])

    def at(self, share: float) -> RGB:
        """The frame at `share` in (0, 1) of the way, uint8 `[H, W, 3]`.

        Flows from the moment to both ends are approximated as in Super SloMo (Jiang et al. 2018, arXiv 1712.00080).
        """
        t = np.float32(share)
        to_before = t * t * self._back - (1 - t) * t * self._there
        to_after = (1 - t) * (1 - t) * self._there - t * (1 - t) * self._back
        nearer = _pulled(self.before, to_before) * (1 - t) + _pulled(self.after, to_after) * t
        return np.asarray(np.rint(nearer).clip(0, 255), np.uint8)


def _flow(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> Flow:
    if min(one.shape) < SMALLEST:
        return np.zeros((*one.shape, 2), np.float32)
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return np.asarray(dis.calc(one, other, np.zeros((*one.shape, 2), np.float32)), np.float32)


SMALLEST = 16
"""Pixels on the short side below which DIS finds nothing; such frames are blended."""


def _pulled(frame: RGB, flow: Flow) -> NDArray[np.float32]:
    """The frame with each pixel taken from where the flow points."""
    rows, columns = frame.shape[:2]
    x, y = np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32))
    moved = cv2.remap(frame, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.float32)
