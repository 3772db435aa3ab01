"""Any still to the exact size of the clip: cropped or padded, never stretched."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from media.backdrop import blurred_copy
from media.layers import Window, flattened
from media.stills import Still, reduced
from pipelines.contract import RGB
from pipelines.request import MotionRequest
from pipelines.subject import subject_mask

Anchor = tuple[float, float]
"""A place in a picture: 0 to 1 from left to right, 0 to 1 from top to bottom."""

CENTRE: Anchor = (0.5, 0.5)

EMPTY_MASK = 0.002
"""Mean of a mask below which it shows no subject: a fifth of a percent of the picture."""

MASK_SIDE = 640
"""Pixels of the longer side of a mask that a place is read off: twice what the network draws."""

HEAD_ROOM = 1.2
"""Standard deviations of a tall subject's height by which its anchor is lifted: from the belt to the shoulders."""


TALL = 0.6
"""Share of the picture's height above which a subject will not fit into a wide crop as a whole."""

HEAD_BELOW_TOP = 0.19
"""Share of the picture's height from the top of a tall subject to where a wide crop is centred: it keeps the head."""


def frame_still(still: Still, request: MotionRequest, anchor: Anchor | None = None) -> RGB:
    """The still over its backdrop at the clip's size: uint8 `[request.height, request.width, 3]` sRGB.

    `fit="crop"` fills the clip and cuts off what sticks out (see `crop_window`); `fit="pad"` shows the whole still, and
    around it a blurred copy of itself or, where the still is see-through, its backdrop. Neither stretches: width and
    height are scaled alike to less than a pixel.
    """
    size, window = (request.width, request.height), _window_of(still.size, request, anchor)
    if still.alpha is not None:
        return flattened(still, window, size, request.backdrop)
    if request.fit == "crop":
        return _resized(still.rgb, size, window)
    return _padded(still.rgb, size)


def crop_window(size: tuple[int, int], request: MotionRequest, anchor: Anchor | None = None) -> Window:
    """The part of a still of `size` (width, height) that `fit="crop"` shows: the largest one of the clip's shape.

    `request.anchor_x` and `anchor_y` place it between the edges (0 left or top, 1 right or bottom). Where they are
    negative, it is centred on `anchor`, the subject's place, as far as the edges allow; without one, on the middle.
    """
    return _window(size, (request.width, request.height), (request.anchor_x, request.anchor_y), anchor or CENTRE)


def seen_part(size: tuple[int, int], request: MotionRequest, anchor: Anchor | None = None) -> Window:
    """The part of a still of `size` (width, height) that the clip shows, in shares of it: left, top, right, bottom.

    Of a padded one it goes beyond the still.
    """
    left, top, right, bottom = _window_of(size, request, anchor)
    return left / size[0], top / size[1], right / size[0], bottom / size[1]


def _window_of(size: tuple[int, int], request: MotionRequest, anchor: Anchor | None) -> Window:
    if request.fit == "crop":
        return crop_window(size, request, anchor)
    return _pad_window(size, (request.width, request.height))


def is_cropped(size: tuple[int, int], request: MotionRequest) -> bool:
    """Whether the clip leaves out more than a pixel of a still of `size` (width, height)."""
    left, top, right, bottom = crop_window(size, request)
    return request.fit == "crop" and max(size[0] - (right - left), size[1] - (bottom - top)) > 1


def anchor_of(still: Still) -> Anchor:
    """Where the subject of a still is, as the subject network sees it; its mask is drawn no larger than it is known."""
    return anchor_from_subject(subject_mask(reduced(still, MASK_SIDE).rgb))


def anchor_from_subject(mask: NDArray[np.floating]) -> Anchor:
    """Where the subject is, from its mask, float `[h, w]`, 0 nothing to 1 subject.

    The mask's centre of weight; of a subject that is taller than wide, a place above it, because a crop that is too
    short for a standing figure should keep the head. `CENTRE` where the mask is as good as empty or not finite.
    """
    weight = np.clip(mask, 0, 1, dtype=np.float64)
    if not weight.mean() >= EMPTY_MASK:
        return CENTRE
    x, spread_x = _centre_and_spread(weight.sum(axis=0))
    y, spread_y = _centre_and_spread(weight.sum(axis=1))
    height, width = weight.shape
    tallness = min(max(spread_y / max(spread_x, 1e-9) - 1, 0.0), 1.0)
    lifted = max(y - HEAD_ROOM * tallness * spread_y, 0.0) / height
    rows = np.flatnonzero(weight.max(axis=1) > 0.5) / height
    if len(rows) and rows[-1] - rows[0] > TALL:
        lifted = min(lifted, float(rows[0]) + HEAD_BELOW_TOP)
    return x / width, lifted


def _centre_and_spread(weights: NDArray[np.float64]) -> tuple[float, float]:
    places = np.arange(len(weights)) + 0.5
    centre = np.average(places, weights=weights)
    return float(centre), float(np.sqrt(np.average((places - centre) ** 2, weights=weights)))


def _pad_window(size: tuple[int, int], shape: tuple[int, int]) -> Window:
    scale = min(shape[0] / size[0], shape[1] / size[1])
    beside, above = (shape[0] / scale - size[0]) / 2, (shape[1] / scale - size[1]) / 2
    return -beside, -above, size[0] + beside, size[1] + above


def _window(size: tuple[int, int], shape: tuple[int, int], chosen: Anchor, centre: Anchor) -> Window:
    scale = max(shape[0] / size[0], shape[1] / size[1])
    width, height = min(shape[0] / scale, size[0]), min(shape[1] / scale, size[1])
    left = _start(size[0], width, chosen[0], centre[0])
    top = _start(size[1], height, chosen[1], centre[1])
    return left, top, min(left + width, size[0]), min(top + height, size[1])


def _start(length: int, part: float, chosen: float, centre: float) -> float:
    free = length - part
    if chosen >= 0:
        return chosen * free
    return min(max(centre * length - part / 2, 0.0), free)


def _resized(rgb: RGB, size: tuple[int, int], window: Window) -> RGB:
    return np.array(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS, box=window))


def _padded(rgb: RGB, size: tuple[int, int]) -> RGB:
    height, width = rgb.shape[:2]
    scale = min(size[0] / width, size[1] / height)
    inner_size = max(1, round(width * scale)), max(1, round(height * scale))
    whole = _resized(rgb, inner_size, (0, 0, width, height))
    if inner_size == size:
        return whole
    framed = _blurred_around(whole, size)
    left, top = (size[0] - inner_size[0]) // 2, (size[1] - inner_size[1]) // 2
    framed[top : top + inner_size[1], left : left + inner_size[0]] = whole
    return framed


def _blurred_around(whole: RGB, size: tuple[int, int]) -> RGB:
    height, width = whole.shape[:2]
    left, top, right, bottom = (round(edge) for edge in _window((width, height), size, CENTRE, CENTRE))
    part = whole[top : max(bottom, top + 1), left : max(right, left + 1)]
    return blurred_copy(Still(np.ascontiguousarray(part)), size)
