"""Every mode and colour profile of a decoded picture, brought to 8-bit sRGB and an alpha channel."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms

from pipelines.contract import RGB

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each EXIF orientation (EXIF 2.32, tag 0x0112); 1 is upright."""

_MODE_OF_PROFILE = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}
"""ICC.1:2022, table 19: the colour spaces of profiles that pictures of ours can carry."""

_GREY = ("1", "L", "LA", "La")


def upright(image: Image.Image) -> Image.Image:
    """The picture turned the way its EXIF orientation says; unreadable EXIF counts as upright."""
    turn = _UPRIGHT.get(_orientation(image))
    return image if turn is None else image.transpose(turn)


def _orientation(image: Image.Image) -> int:
    try:
        found = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # noqa: BLE001 - any damage: the pixels are sound, only the note about them is not
        return 1
    return found if isinstance(found, int) else 1


def to_srgb(image: Image.Image) -> tuple[RGB, NDArray[np.uint8] | None]:
    """A decoded picture of any mode as (uint8 `[H, W, 3]` sRGB, uint8 `[H, W]` alpha or None where it is opaque).

    A profile that is broken, or meant for another colour space than the picture's, is ignored.
    """
    colours, alpha = _split_alpha(image)
    converted = _through_profile(colours, image.info.get("icc_profile"))
    rgb = np.array(converted if converted is not None else colours.convert("RGB"))
    if alpha is None or alpha.min() == 255:
        return rgb, None
    return rgb, alpha


def _split_alpha(image: Image.Image) -> tuple[Image.Image, NDArray[np.uint8] | None]:
    if image.mode == "I" or image.mode.startswith("I;16"):
        return _from_16_bit(image)
    if not image.has_transparency_data:
        return _opaque(image), None
    _scale_transparent_colour(image)
    mode = "LA" if image.mode in _GREY else "RGBA"
    layered = image.convert(mode)
    return layered.convert(mode[:-1]), np.array(layered.getchannel("A"))


def _opaque(image: Image.Image) -> Image.Image:
    if image.mode in ("L", "RGB", "CMYK"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _from_16_bit(image: Image.Image) -> tuple[Image.Image, NDArray[np.uint8] | None]:
    levels = np.clip(np.asarray(image), 0, 65535)
    to_8_bit = ((np.arange(65536) * 255 + 32767) // 65535).astype(np.uint8)
    see_through = image.info.get("transparency")
    alpha = None if see_through is None else np.where(levels == see_through, 0, 255).astype(np.uint8)
    return Image.fromarray(to_8_bit[levels]), alpha


def _scale_transparent_colour(image: Image.Image) -> None:
    """Brings the see-through colour of a PNG to the 8 bits that Pillow has brought its pixels to."""
    colour = image.info.get("transparency")
    if image.mode == "1" and isinstance(colour, int):
        image.info["transparency"] = min(colour, 1) * 255
    elif isinstance(colour, tuple) and max(colour) > 255:
        image.info["transparency"] = tuple(level >> 8 for level in colour)


def _through_profile(colours: Image.Image, profile: bytes | None) -> Image.Image | None:
    if not profile:
        return None
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        wanted = _MODE_OF_PROFILE.get(source.profile.xcolor_space)
        if colours.mode == "L" and wanted == "RGB":
            colours = colours.convert("RGB")
        if colours.mode != wanted:
            return None
        return ImageCms.profileToProfile(
            colours,
            source,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
