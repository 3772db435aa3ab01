"""What a card shows where the picture shows something else: its own colours, carried on (pull-push, Gortler 1996)."""

from __future__ import annotations

import functools

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.families.pocket.masks import Floats, Mask

RIM = 2
"""Pixels at the edge of a part whose colours are mixed with those of its neighbours: they are not carried on."""

SCALE = 4
"""Colours are carried on at a picture so much smaller: they are smooth."""

FULL = 0.999
"""Share of known places from which a level of the pyramid has no holes."""

GRAIN_SIGMA, GRAIN_SOFTNESS, MOST_GRAIN = 1.5, 0.7, 4.0
"""Pixels below which a picture's detail is its grain, pixels of blur and grey levels of the grain that is painted."""


def painted(rgb: NDArray[np.uint8], mask: Mask, before: Mask | None, rim: int = RIM) -> NDArray[np.uint8]:
    """The picture uint8 `[H, W, 3]` as a part of it would look if it went on behind all else.

    `before` is what stands out before it: pixels within `rim` of that are not the part's own either.
    """
    kernel = np.ones((2 * rim + 1, 2 * rim + 1), np.uint8)
    own = mask if before is None else mask & ~(cv2.dilate(before.astype(np.uint8), kernel) > 0)
    core = cv2.erode(mask.astype(np.uint8), kernel, borderType=cv2.BORDER_REPLICATE) > 0
    if mask.all() or not core.any():
        return rgb.copy()
    return np.asarray(np.where(own[..., None], rgb, _carried_on(rgb, core) + _grain(rgb, core)).clip(0, 255), np.uint8)


def _carried_on(rgb: NDArray[np.uint8], known: Mask) -> Floats:
    """Colours float32 `[H, W, 3]`: near what is known those there, farther away the mean of more and more of it."""
    height, width = known.shape
    size = (max(2, width // SCALE), max(2, height // SCALE))
    weights = cv2.resize(known.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    colours = cv2.resize(rgb * known[..., None].astype(np.float32), size, interpolation=cv2.INTER_AREA)
    levels = [(colours, weights)]
    while min(weights.shape) > 2 and float(weights.min()) < FULL:
        size = (max(1, weights.shape[1] // 2), max(1, weights.shape[0] // 2))
        colours, weights = (cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (colours, weights))
        levels.append((colours, weights))
    filled = np.where(weights[..., None] > 0, colours / np.maximum(weights, 1e-6)[..., None], rgb[known].mean(0))
    for colours, weights in reversed(levels[:-1]):
        above = cv2.resize(filled.astype(np.float32), weights.shape[::-1], interpolation=cv2.INTER_LINEAR)
        share = np.clip(2 * weights, 0, 1)[..., None]
        filled = colours / np.maximum(weights, 1e-6)[..., None] * share + above * (1 - share)
    return np.asarray(
        cv2.resize(filled.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR), np.float32
    )


def _grain(rgb: NDArray[np.uint8], known: Mask) -> Floats:
    """Noise as strong as what is fine in the known part: what is painted would look smeared beside it, `[H, W, 1]`."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine = grey - cv2.GaussianBlur(grey, (0, 0), GRAIN_SIGMA)
    strength = min(float(fine[known].std()), MOST_GRAIN)
    return np.asarray(_noise(*grey.shape) * np.float32(strength), np.float32)[..., None]


@functools.lru_cache(maxsize=1)
def _noise(height: int, width: int) -> Floats:
    noise = np.random.default_rng(0).standard_normal((height, width), np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), GRAIN_SOFTNESS)
    return np.asarray(soft / soft.std(), np.float32)
