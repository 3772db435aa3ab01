"""Untrusted bytes to a decoded picture, within limits that are checked before anything is decoded."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from media.colours import to_srgb, upright
from media.kinds import HEIC, WEBP, Kind
from pipelines.contract import RGB
from pipelines.errors import StillError

MAX_PIXELS = 64_000_000
"""Pixels. Cameras for 35 mm lenses stay below; such a picture takes up to a gigabyte while it is opened."""

MIN_SIDE = 16
"""Pixels. Below it there is nothing to see that could move."""

_PILLOW_FORMATS = {"PNG": "PNG", "JPEG": "JPEG", "WebP": "WEBP", "AVIF": "AVIF", "GIF": "GIF"}

_ONE_AT_A_TIME = threading.Lock()
"""The filters of `warnings` belong to the whole interpreter; and two large pictures at once are too many."""


def decode_still(content: bytes, kind: Kind) -> tuple[RGB, NDArray[np.uint8] | None]:
    """The first picture of a file of a still's `kind`: uint8 `[H, W, 3]` sRGB, upright, and its alpha.

    Alpha is uint8 `[H, W]`, or None where everything is solid. Raises `StillError`, and nothing else, where the picture
    has more than `MAX_PIXELS`, less than `MIN_SIDE` on a side, or cannot be decoded to its end.
    """
    with _ONE_AT_A_TIME, _still_errors_only(kind):
        return to_srgb(upright(_decode(content, kind)))


@contextmanager
def _still_errors_only(kind: Kind) -> Iterator[None]:
    with warnings.catch_warnings():
        # Pillow warns of odd metadata in pictures that open well
        warnings.simplefilter("ignore")
        try:
            yield
        except StillError:
            raise
        except Image.DecompressionBombError as error:
            raise _too_many_pixels() from error
        except MemoryError as error:
            raise too_little_memory() from error
        except Exception as error:
            raise StillError(
                f"This {kind.name} file is damaged or was cut off.", "Save or download it again and use the new copy."
            ) from error


def _decode(content: bytes, kind: Kind) -> Image.Image:
    if kind is WEBP:
        # libwebp sets up its canvas while it opens the file: earlier than Pillow tells the size
        _check_size(_webp_size(content))
    image = _open(content, kind)
    _check_size(image.size)
    # from here on nothing may grow beyond what the header said
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    image.load()
    _check_size(image.size)
    return image


def _open(content: bytes, kind: Kind) -> Image.Image:
    if kind is HEIC:
        # the class itself: registering it would change Pillow for everybody in this interpreter
        from pillow_heif import HeifImageFile

        heif: Image.Image = HeifImageFile(BytesIO(content))
        return heif
    return Image.open(BytesIO(content), formats=[_PILLOW_FORMATS[kind.name]])


def _check_size(size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise _too_many_pixels()
    if min(width, height) < MIN_SIDE:
        raise StillError(
            f"This picture is only {width} x {height} pixels small.",
            f"Use one with at least {MIN_SIDE} pixels on each side.",
        )


def _too_many_pixels() -> StillError:
    return StillError(
        f"This picture has more than {MAX_PIXELS // 1_000_000} megapixels, the most that is opened.",
        "Scale it down, for instance to 4096 pixels on its longer side.",
    )


def too_little_memory() -> StillError:
    """The error for a picture that this machine has no room for."""
    return StillError("There is too little memory to open this picture.", "Scale it down, then try again.")


def _webp_size(content: bytes) -> tuple[int, int]:
    """Width and height as the first chunk of a WebP file states them (RFC 9649, sections 2.5 to 2.7)."""
    form = content[12:16]
    if form == b"VP8X":
        return _bits(content[24:27], 24) + 1, _bits(content[27:30], 24) + 1
    if form == b"VP8L":
        packed = _bits(content[21:25], 32)
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    return _bits(content[26:28], 14), _bits(content[28:30], 14)


def _bits(field: bytes, count: int) -> int:
    return int.from_bytes(field, "little") & ((1 << count) - 1)
