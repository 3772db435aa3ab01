"""A clip's motion in three layers that each move smoothly and meet at outlines that the still itself shows.

    d = backdrop + relief * (1 - subject) * relief_shift + subject * subject_shift

`subject` in [0, 1] is the mask of the subject network, `relief` in [0, 1] is what stands before the sky. So the
denoiser draws smooth fields only, and motion changes where the picture has an outline, at any output size.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

LAYERS = ("backdrop", "relief shift", "subject shift")
"""What the latents of a clip describe, in order."""


def compose(layers: Floats, relief: Floats, subject: Floats) -> Floats:
    """Layers `[3, K, 2, h, w]` joined over masks `[h, w]` in [0, 1], `[K, 2, h, w]`."""
    backdrop, relief_shift, subject_shift = layers
    joined: Floats = backdrop + relief * (1 - subject) * relief_shift + subject * subject_shift
    return joined


def enlarge(layers: Floats, shape: tuple[int, int]) -> Floats:
    """Smooth layers `[..., h, w]` at a larger shape (rows, columns)."""
    maps = layers.reshape(-1, *layers.shape[-2:])
    size = (shape[1], shape[0])
    large = np.stack([cv2.resize(m, size, interpolation=cv2.INTER_CUBIC) for m in maps])
    return large.reshape(*layers.shape[:-2], *shape).astype(np.float32)


def outline(mask: Floats) -> Floats:
    """The subject as something that moves in one piece, from a mask `[H, W]` in [0, 1] of the subject network.

    Holes are closed, specks dropped, and a subject that the network is unsure of is faded: what is only half there
    would tear its surroundings.
    """
    reach = 2 * round(HOLE * mask.shape[1]) + 1
    shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, shape)
    kept = np.asarray(closed, np.float32) * _large_parts(closed > 0.5)
    sureness = float((kept > SURE).sum() / max((kept > UNSURE).sum(), 1))
    return kept * np.float32(min(1.0, sureness / ENOUGH_SURENESS))


HOLE = 0.02
"""Image widths: half of the largest gap in a mask that counts as part of the subject."""

SPECK = 0.004
"""Share of the picture below which a part of a mask is not a subject."""

SURE, UNSURE, ENOUGH_SURENESS = 0.8, 0.2, 0.6
"""Mask values, and the share of the mask that must be sure for the subject to move as drawn."""


def _large_parts(solid: NDArray[np.bool_]) -> Floats:
    """1 around the parts of a mask that are no specks, 0 elsewhere."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(solid.astype(np.uint8))
    large = [i for i in range(1, len(stats)) if stats[i, cv2.CC_STAT_AREA] >= SPECK * solid.size]
    near = cv2.dilate(np.isin(labels, large).astype(np.float32), np.ones((5, 5)), iterations=2)
    return np.asarray(near, np.float32)


def skyline(rgb: NDArray[np.uint8]) -> Floats:
    """What stands before the sky or a plain backdrop, float32 `[H, W]` in [0, 1]: all below the first busy row.

    A cheap cue to depth: the plain region that reaches the upper edge is far, and what ends it is nearer.
    """
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    edges = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    fine = max(rgb.shape[0] / 96, 0.5)
    busy = cv2.GaussianBlur(cv2.morphologyEx(edges, cv2.MORPH_CLOSE, np.ones((5, 5))), (0, 0), fine)
    below = np.maximum.accumulate(np.clip(busy / (np.percentile(busy, 85) + 1e-3), 0, 1), axis=0)
    for sweep, reach in ((cv2.MORPH_OPEN, STREAK), (cv2.MORPH_CLOSE, GAP)):
        below = cv2.morphologyEx(below, sweep, np.ones((1, 2 * round(reach * rgb.shape[1]) + 1)))
    raised = np.clip((below - SKY) / (GROUND - SKY), 0, 1)
    return np.asarray(cv2.GaussianBlur(raised, (0, 0), 2 * fine), np.float32)


STREAK, GAP = 0.006, 0.02
"""Image widths: half of a streak of ground that is taken for sky, and of a gap of sky that is taken for ground."""

SKY, GROUND = 0.3, 0.8
"""Busyness, as a share of the picture's busy places, up to which a column is sky and from which it is ground."""
