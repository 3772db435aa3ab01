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


def skyline(rgb: NDArray[np.uint8]) -> Floats:
    """What stands before the sky or a plain backdrop, float32 `[H, W]` in [0, 1]: all below the first busy row.

    A cheap cue to depth: the plain region that reaches the upper edge is far, and what ends it is nearer.
    """
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    edges = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    fine = max(rgb.shape[0] / 96, 0.5)
    busy = cv2.GaussianBlur(cv2.morphologyEx(edges, cv2.MORPH_CLOSE, np.ones((5, 5))), (0, 0), fine)
    below = np.maximum.accumulate(np.clip(busy / (np.percentile(busy, 85) + 1e-3), 0, 1), axis=0)
    return np.asarray(cv2.GaussianBlur(below, (0, 0), fine), np.float32)
