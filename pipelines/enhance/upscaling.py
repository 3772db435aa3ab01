"""Larger frames: realesr-animevideov3, a compact network of plain convolutions.

Wang et al., "Real-ESRGAN: Training Real-World Blind Super-Resolution with Pure Synthetic Data" (2021, arXiv
2107.10833); layout (SRVGGNetCompact) after xinntao/Real-ESRGAN. It works at the small size and paints what has to be
added to each pixel's enlarged copy: four times as wide and as high, averaged down where less is asked for.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipelines.contract import RGB
from pipelines.enhance.helpers import REALESR
from pipelines.enhance.network import brisk_type, convolution, opened, to_frame, to_tensor

CHANNELS = 64

LAYERS = 17
"""Convolutions before the last one."""

FACTOR = 4
"""What the network makes of a side."""

SIGHT = LAYERS + 1
"""Pixels: how far a pixel of the result looks around, one for each convolution. Strips that overlap by as much are
exact."""

STRIP_PIXELS = 2**18
"""Pixels of a frame that are worked on at once, besides the overlap: 0.3 GB of activations in float32."""


def nothing() -> None:
    """For who does not want to look in between."""


class Upscaler:
    """realesr-animevideov3, loaded. Takes 3.5 s of a CPU core with bfloat16 for a frame of 1024x576.

    What it adds is small, so bfloat16 changes a level of brightness by 3 at most; RIFE's flows would suffer.
    """

    def __init__(self, strip_pixels: int = STRIP_PIXELS) -> None:
        self.network = opened(PaintingNetwork(), REALESR.weights, brisk_type())
        self._strip_pixels = strip_pixels

    @torch.inference_mode()
    def larger(self, frame: RGB, factor: int, look: Callable[[], None] = nothing) -> RGB:
        """A frame uint8 `[H, W, 3]`, `factor` (2 or 4) times as wide and as high; `look` is called before each strip.

        Raises whatever `look` raises.
        """
        height, width = frame.shape[:2]
        result = np.empty((height * factor, width * factor, 3), np.uint8)
        for top, bottom in _strips(height, max(1, self._strip_pixels // width)):
            look()
            above, below = max(0, top - SIGHT), min(height, bottom + SIGHT)
            painted = self.network(to_tensor(frame[above:below]))
            painted = painted[:, :, (top - above) * FACTOR : (bottom - above) * FACTOR]
            if factor < FACTOR:
                painted = F.avg_pool2d(painted, FACTOR // factor)
            result[top * factor : bottom * factor] = to_frame(painted)
        return result


class PaintingNetwork(nn.Module):
    """A picture float32 `[1, 3, H, W]` in [0, 1] to float32 `[1, 3, 4 H, 4 W]`."""

    def __init__(self) -> None:
        super().__init__()
        sizes = [3] + [CHANNELS] * LAYERS
        self.layers = nn.ModuleList(convolution(*pair) for pair in itertools.pairwise(sizes))
        self.paint = nn.Conv2d(CHANNELS, 3 * FACTOR**2, 3, 1, 1)

    def forward(self, picture: Tensor) -> Tensor:
        """The larger picture."""
        features = picture.to(self.paint.weight.dtype)
        for layer in self.layers:
            features = layer(features)
        added = F.pixel_shuffle(self.paint(features).float(), FACTOR)
        return added + F.interpolate(picture, scale_factor=FACTOR, mode="nearest")


def _strips(height: int, rows: int) -> Iterator[tuple[int, int]]:
    """First row and the one after the last of strips of at most `rows` rows, about equally high."""
    count = math.ceil(height / rows)
    edges = [round(height * index / count) for index in range(count + 1)]
    return itertools.pairwise(edges)
