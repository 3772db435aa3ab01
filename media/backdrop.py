"""What stands behind a see-through still, and around a padded one."""

from __future__ import annotations

import re

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from media.stills import Still
from pipelines.contract import RGB
from pipelines.errors import RequestError

_Floats = NDArray[np.float32]

_BLUR_SIDE = 64
"""Pixels of the longer side of the small copy that is blurred: cheap, and the blur hides what is lost."""

_BLUR_SIGMAS = (24.0, 12.0, 8.0, 6.0, 4.0)
"""Pixels of the small copy, coarse to fine: the finest leaves no shape, the coarser ones reach far from the still."""

_COARSER_WEIGHT = 8.0
"""Out of 255: how much the next coarser blur counts. It decides only where the still is far away, and how softly."""


def over_backdrop(still: Still, backdrop: str) -> RGB:
    """The still over a colour ("#rrggbb") or over a blurred copy of itself ("blur"): uint8 `[H, W, 3]`.

    An opaque still comes back as it is. Raises `RequestError` for any other backdrop.
    """
    behind = None if backdrop == "blur" else _colour(backdrop)
    if still.alpha is None:
        return still.rgb
    around = blurred_copy(still, still.size) if behind is None else np.full_like(still.rgb, behind)
    layers = [Image.fromarray(layer) for layer in (still.rgb, around, still.alpha)]
    return np.array(Image.composite(*layers))


def blurred_copy(still: Still, size: tuple[int, int]) -> RGB:
    """An opaque, strongly blurred copy of the still, stretched to `size` (width, height): uint8 `[height, width, 3]`.

    See-through parts take the colour of the solid parts near them, and never darken them.
    """
    premultiplied = _small_premultiplied(still)
    colour = _mean_colour(premultiplied)
    for sigma in _BLUR_SIGMAS:
        blurred = cv2.GaussianBlur(premultiplied, (0, 0), sigma)
        colour = (255 * blurred[..., :3] + _COARSER_WEIGHT * colour) / (blurred[..., 3:] + _COARSER_WEIGHT)
    small = Image.fromarray(np.clip(np.rint(colour), 0, 255).astype(np.uint8))
    return np.array(small.resize(size, Image.Resampling.BICUBIC))


def _small_premultiplied(still: Still) -> _Floats:
    scale = _BLUR_SIDE / max(still.size)
    size = max(1, round(still.size[0] * scale)), max(1, round(still.size[1] * scale))
    image = with_alpha(still).convert("RGBa").resize(size, Image.Resampling.BOX)
    # numpy does not know Pillow's premultiplied mode
    flat = np.frombuffer(image.tobytes(), np.uint8).reshape(size[1], size[0], 4)
    return flat.astype(np.float32)


def with_alpha(still: Still) -> Image.Image:
    """The still as a Pillow image of mode RGBA."""
    image = Image.fromarray(still.rgb).convert("RGBA")
    if still.alpha is not None:
        image.putalpha(Image.fromarray(still.alpha))
    return image


def _mean_colour(premultiplied: _Floats) -> _Floats:
    sums = premultiplied.sum(axis=(0, 1))
    mean: _Floats = 255 * sums[:3] / max(float(sums[3]), 1.0)
    return mean


def _colour(backdrop: str) -> tuple[int, int, int]:
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", backdrop):
        raise RequestError(f"backdrop cannot be {backdrop[:40]}.", "It must be blur, or a colour such as #ffffff.")
    red, green, blue = bytes.fromhex(backdrop[1:])
    return red, green, blue
