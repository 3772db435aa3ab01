"""A title on every frame: white with a soft dark edge, so that it can be read on any picture."""

from __future__ import annotations

import math
import unicodedata

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from media.finish.lines import Line, fitted
from media.finish.plan import Place, Size
from pipelines.contract import RGB
from pipelines.errors import RequestError

SIZES: dict[Size, float] = {"small": 1 / 22, "medium": 1 / 15, "large": 1 / 10}
"""Height of a line of type as a share of the picture's mean side, the root of its area: alike in any shape."""

LEAST = 1 / 50
"""The same of the smallest type that can be read on a phone."""

LINE = 1.3
"""Distance of two baselines, in heights of type: Thai and Devanagari build high and deep."""

ASCENT, DESCENT = 0.95, 0.3
"""What type takes above and below its baseline, in its height."""

SIDE = 0.06
"""Free at the left and at the right, as a share of the width."""

EDGE, UPRIGHT_EDGE = 0.07, 0.14
"""Free above and below, as a share of the height. On upright clips, chats lay their own words over the edges."""

SHADOW = 0.85
"""How dark the edge is, of black."""


class Title:
    """The text as a layer over frames of one size; raises `RequestError` for a text that cannot be drawn or read."""

    def __init__(self, text: str, frame: tuple[int, int], place: Place = "bottom", size: Size = "medium") -> None:
        width, height = frame
        lines, pixels = _lines(_tidied(text), frame, size)
        white, dark = _painted(lines, frame, pixels, _baselines(len(lines), height, pixels, place, width < height))
        cover = 1 - (1 - white) * (1 - dark)
        rows = np.flatnonzero(cover.max(axis=1))
        self._rows = slice(rows[0], rows[-1] + 1) if len(rows) else slice(0, 0)
        self._cover: NDArray[np.float32] = cover[self._rows, :, None]
        # white over dark, both over the frame
        self._ink: NDArray[np.float32] = white[self._rows, :, None] * np.float32(255)

    def over(self, frame: RGB) -> RGB:
        """The frame, uint8 `[height, width, 3]`, with the title on it."""
        titled = frame.copy()
        left = frame[self._rows] * (1 - self._cover)
        titled[self._rows] = np.rint(left + self._ink).clip(0, 255)
        return titled


def _tidied(text: str) -> str:
    """Letters and their accents as one sign where there is one; no breaks but spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _lines(text: str, frame: tuple[int, int], size: Size) -> tuple[list[Line], int]:
    side = math.sqrt(frame[0] * frame[1])
    room = frame[0] * (1 - 2 * SIDE)
    found = fitted(text, room, max(side * SIZES[size], 1), side * LEAST)
    if found is None:
        raise RequestError(
            f"This title is too long to be read on a picture of {frame[0]}x{frame[1]}.", "Make it shorter."
        )
    return found


def _baselines(count: int, height: int, pixels: int, place: Place, is_upright: bool) -> list[float]:
    """Where the lines stand, in pixels from the top."""
    edge = height * (UPRIGHT_EDGE if is_upright else EDGE)
    block = pixels * (ASCENT + DESCENT + LINE * (count - 1))
    top = {"top": edge, "middle": (height - block) / 2, "bottom": height - edge - block}[place]
    return [top + pixels * (ASCENT + LINE * line) for line in range(count)]


def _painted(
    lines: list[Line], frame: tuple[int, int], pixels: int, baselines: list[float]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """How much of each pixel is white, and how much of what is below is dark, float32 `[H, W]` in [0, 1]."""
    letters, edge = Image.new("L", frame), Image.new("L", frame)
    for line, baseline in zip(lines, baselines, strict=True):
        at = (frame[0] / 2, baseline)
        line.draw(ImageDraw.Draw(letters), at, pixels, fill=255)
        line.draw(ImageDraw.Draw(edge), at, pixels, fill=255, stroke_width=max(pixels // 14, 1))
    glow = edge.filter(ImageFilter.GaussianBlur(pixels / 8))
    dark = np.maximum(_share(glow), _share(edge.filter(ImageFilter.GaussianBlur(pixels / 40)))) * np.float32(SHADOW)
    return _share(letters), dark


def _share(mask: Image.Image) -> NDArray[np.float32]:
    return np.asarray(mask, np.float32) / np.float32(255)
