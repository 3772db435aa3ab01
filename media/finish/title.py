"""A title at the lower edge of every frame."""

from __future__ import annotations

import textwrap

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pipelines.contract import RGB

HEIGHT_SHARE = 14
"""A line is one such part of the frame's height."""

MARGIN_SHARE = 20
"""The distance to the edges, as such a part of the frame's height."""

LETTER_SHAPE = 0.55
"""Width of an average letter, of its height."""


class Title:
    """The text as a layer over frames of one size."""

    def __init__(self, text: str, width: int, height: int) -> None:
        size = max(height // HEIGHT_SHARE, 8)
        margin = max(height // MARGIN_SHARE, 2)
        lines = textwrap.wrap(text, max(int((width - 2 * margin) / (size * LETTER_SHAPE)), 1))
        layer = Image.new("RGBA", (width, height))
        draw = ImageDraw.Draw(layer)
        # a dark outline keeps white letters readable on any picture
        draw.multiline_text(
            (margin, height - margin),
            "\n".join(lines),
            fill="white",
            font=ImageFont.load_default(size),
            anchor="ld",
            stroke_width=max(size // 14, 1),
            stroke_fill="black",
        )
        told = np.asarray(layer, np.float32)
        self._ink: NDArray[np.float32] = told[..., :3]
        self._cover: NDArray[np.float32] = told[..., 3:] / np.float32(255)

    def over(self, frame: RGB) -> RGB:
        """The frame, uint8 `[height, width, 3]`, with the title on it."""
        return np.asarray(np.rint(frame * (1 - self._cover) + self._ink * self._cover), np.uint8)
