"""`open_still`: a file from a stranger to a clean picture in memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from media.decode import decode_still, too_little_memory
from media.kinds import EMPTY, HEAD_BYTES, Kind, kind_of
from pipelines.contract import RGB
from pipelines.errors import StillError

MAX_FILE_BYTES = 60_000_000
"""Bytes. A 60-megapixel JPEG of a camera has about 40 MB."""

ALLOWED = "Use a PNG, JPEG, WebP, AVIF, HEIC or GIF file."

_STILL_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".avif", ".heic", ".heif", ".gif"})


@dataclass(frozen=True, eq=False)
class Still:
    """A clean picture: pixels and nothing else, so no metadata can leave with it.

    `rgb` is uint8 `[H, W, 3]` sRGB, upright. `alpha` is uint8 `[H, W]`, 0 see-through to 255 solid, or None where
    everything is solid. `format` names what it was read from: PNG, JPEG, WebP, AVIF, HEIC or GIF.
    """

    rgb: RGB
    alpha: NDArray[np.uint8] | None = None
    format: str = ""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.rgb.shape[1], self.rgb.shape[0]


def reduced(still: Still, long_side: int) -> Still:
    """The same picture, its longer side no more than `long_side` pixels; itself where it is no larger."""
    scale = long_side / max(still.size)
    if scale >= 1:
        return still
    size = (max(1, round(still.size[0] * scale)), max(1, round(still.size[1] * scale)))
    alpha = None if still.alpha is None else cv2.resize(still.alpha, size, interpolation=cv2.INTER_AREA)
    rgb = np.asarray(cv2.resize(still.rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    return Still(rgb, None if alpha is None else np.asarray(alpha, np.uint8), still.format)


def open_still(source: Path | bytes) -> Still:
    """Opens a PNG, JPEG (MPO too), WebP, AVIF, HEIC/HEIF or GIF (its first frame) as an upright sRGB `Still`.

    The content decides, not the name. Raises `StillError`, and nothing else, for a file that is of another kind,
    damaged, too large (`MAX_FILE_BYTES`, `decode.MAX_PIXELS`), too small (`decode.MIN_SIDE`) or wholly see-through.
    """
    content = source if isinstance(source, bytes) else _read(source)
    if len(content) > MAX_FILE_BYTES:
        raise _too_large()
    kind = kind_of(content)
    if not kind.is_still:
        raise _refusal(kind, "" if isinstance(source, bytes) else source.suffix.lower())
    rgb, alpha = decode_still(content, kind)
    if alpha is not None and not alpha.any():
        raise StillError(
            "Nothing can be seen on this picture: all of it is see-through.", "Use one with visible parts."
        )
    return Still(rgb, alpha, kind.name)


def check_is_picture(path: Path) -> None:
    """Raises `StillError` for a file that by its first bytes, or by its size, is no still; opens nothing."""
    try:
        with path.open("rb") as file:
            kind = kind_of(file.read(HEAD_BYTES))
        size = path.stat().st_size
    except (OSError, ValueError) as error:
        raise StillError("The picture cannot be read.", "Upload it again.") from error
    if size > MAX_FILE_BYTES:
        raise _too_large()
    if not kind.is_still:
        raise _refusal(kind, path.suffix.lower())


def _too_large() -> StillError:
    return StillError(
        f"This file is larger than {MAX_FILE_BYTES // 1_000_000} MB.", "Save it as a JPEG, or scale it down."
    )


def _read(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise StillError("There is no such picture.", "Upload it again.")
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except MemoryError as error:
        raise too_little_memory() from error
    except (OSError, ValueError) as error:
        raise StillError("The picture cannot be read.", "Upload it again.") from error


def _refusal(kind: Kind, suffix: str) -> StillError:
    if kind is EMPTY:
        return StillError("This file is empty.", "Save or download it again and use the new copy.")
    misnamed = f" although its name ends in {suffix}" if suffix in _STILL_SUFFIXES else ""
    return StillError(f"This is not a picture that can be opened: its content is {kind.words}{misnamed}.", ALLOWED)
