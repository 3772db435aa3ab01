"""Where layers meet: outlines that fall off outwards only, each stretch no wider than what moves across it needs.

A subject, or a tower before the sky, stays whole up to its edge; what it passes over gives way like rubber within the
width of the outline. So an outline is a ramp over the distance to the thing, and its width may differ from place to
place: wide where the thing runs over its surroundings, sharp where it moves along them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.pocket.layers import Floats

SHARPEST, WIDEST = 0.02, 0.22
"""Widths of an outline in image widths: five cells of the field, and wide enough for all that a still can bear."""

SHARPEST_SKYLINE = 0.06
"""Image widths. The sky has nothing to bend, so it may as well give way gently."""

GROWTH = 0.5
"""By how much an outline is widened at once where something folds."""

ROUNDED = 1.0
"""Cells of blur that take the crease from both ends of a ramp."""

SOLID = 0.5
"""Share of a mask's height from which a place belongs to the thing."""


@dataclass(frozen=True)
class Outline:
    """A thing's `distance [h, w]` in image widths (0 inside it), how far it counts at all (`height` in [0, 1]), and
    the `width [h, w]` of its outline at each place, in image widths."""

    distance: Floats
    height: float
    width: Floats

    @staticmethod
    def of(mask: Floats, width: float) -> Outline:
        """The outline of a mask `[h, w]` in [0, 1], equally wide everywhere."""
        height = float(mask.max())
        inside = mask > SOLID * height
        distance = cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        near = np.asarray(distance / mask.shape[1], np.float32)
        return Outline(near, height, np.full_like(near, width))

    def ramp(self) -> Floats:
        """How far each place moves with the thing, `[h, w]` in [0, 1]."""
        falling = np.clip(1 - self.distance / self.width, 0, 1) * np.float32(self.height)
        return np.asarray(cv2.GaussianBlur(falling, (0, 0), ROUNDED), np.float32)

    def widened(self, where: Floats) -> Outline:
        """The same with its width grown by up to `GROWTH` at places `[h, w]` in [0, 1]."""
        return replace(self, width=np.minimum(self.width * (1 + GROWTH * where), np.float32(WIDEST)))


def around(places: NDArray[np.bool_], reach: float) -> Floats:
    """1 within `reach` image widths of any of the places, falling smoothly to 0 over as far again, `[h, w]`."""
    cells = max(1, round(reach * places.shape[1]))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * cells + 1,) * 2)
    return np.asarray(cv2.GaussianBlur(cv2.dilate(places.astype(np.float32), disc), (0, 0), cells / 2), np.float32)
