"""Photos without files: small, and with a subject that is known."""

from __future__ import annotations

import numpy as np

from pipelines.pocket.layers import skyline
from training.photos import Photo, horizon_row


def photo(name: str = "made", seed: int = 0, subject: bool = True) -> Photo:
    """Noise under a plain sky, with or without a block standing in it."""
    rng = np.random.default_rng(seed)
    rgb = np.full((256, 456, 3), (120, 160, 220), np.uint8)
    rgb[120:] = rng.integers(40, 200, (136, 456, 3), dtype=np.uint8)
    mask = np.zeros((256, 456), np.uint8)
    if subject:
        mask[90:230, 180:270] = 255
        rgb[mask > 0] = (200, 60, 40)
    return Photo(name, rgb, mask, np.asarray(skyline(rgb) * 255, np.uint8), horizon_row(rgb))
