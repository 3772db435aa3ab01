"""See-through stills at another size, over their backdrop, without fringes."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from media.backdrop import over_backdrop, with_alpha
from media.stills import Still
from pipelines.contract import RGB

Window = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels of the still; fractions of a pixel keep the shape exact."""

_SPARE = 2
"""How many times finer than the clip a still stays before its last, careful scaling: more would not be seen."""


def flattened(still: Still, window: Window, size: tuple[int, int], backdrop: str) -> RGB:
    """The `window` of a see-through still over `backdrop`, at `size` (width, height): uint8 `[height, width, 3]`.

    The window may reach beyond the still: the backdrop is there too. Raises `RequestError` for an unknown backdrop.
    """
    factor = max(1, int((window[2] - window[0]) / size[0] / _SPARE))
    left, top, right, bottom = (edge / factor for edge in window)
    small = _reduced(still, factor)
    before = math.ceil(max(-left, 0)), math.ceil(max(-top, 0))
    after = math.ceil(max(right - small.size[0], 0)), math.ceil(max(bottom - small.size[1], 0))
    # flattened first and scaled then: a scaled edge of an alpha channel rings, and shows as a halo
    seen = Image.fromarray(over_backdrop(_extended(small, before, after), backdrop))
    box = left + before[0], top + before[1], min(right + before[0], seen.width), min(bottom + before[1], seen.height)
    return np.array(seen.resize(size, Image.Resampling.LANCZOS, box=box))


def _reduced(still: Still, factor: int) -> Still:
    if factor == 1:
        return still
    # Pillow reduces RGBA premultiplied: the colours of see-through pixels do not count
    layered = np.array(with_alpha(still).reduce(factor))
    return Still(layered[..., :3].copy(), layered[..., 3].copy(), still.format)


def _extended(still: Still, before: tuple[int, int], after: tuple[int, int]) -> Still:
    if still.alpha is None:
        return still
    borders = (before[1], after[1]), (before[0], after[0])
    return Still(np.pad(still.rgb, (*borders, (0, 0))), np.pad(still.alpha, borders), still.format)
