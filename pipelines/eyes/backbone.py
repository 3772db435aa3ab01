"""What a convolutional network sees in a picture: VGG-16 (Simonyan and Zisserman, arXiv 1409.1556), frozen."""

from __future__ import annotations

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

BLOCKS = (2, 2, 3, 3, 3)
"""Convolutions of each block; a pool that halves the picture stands between two."""

WIDTHS = (64, 128, 256, 512, 512)
"""Channels of each block."""

FEATURES = sum(WIDTHS[2:])
"""Channels of what is seen: the ends of the last three blocks."""

LONG_SIDE = 384
"""Pixels of the longer side that is looked at: the labels were drawn at that size, and one core needs a second."""

SIDE_STEP = 16
"""Pixels: sides are multiples, so that every pool divides evenly."""

CELL = 8
"""Pixels of a side of one place of what is seen."""

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet, as in the network's training."""


class Backbone(nn.Module):
    """Features of a picture at an eighth of its size. It is never trained here."""

    def __init__(self) -> None:
        super().__init__()
        pairs = [(width, before) for width, before in zip(WIDTHS, (3, *WIDTHS), strict=False)]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(before if index == 0 else width, width, 3, padding=1)
            for (width, before), count in zip(pairs, BLOCKS, strict=True)
            for index in range(count)
        )

    def forward(self, picture: Tensor) -> Tensor:
        """Features float32 `[1, FEATURES, h, w]` of a picture float32 `[3, 8 h, 8 w]` in [0, 1] (see `sized`)."""
        mean, deviation = (picture.new_tensor(values)[:, None, None] for values in (MEAN, DEVIATION))
        x = ((picture - mean) / deviation)[None]
        layers, kept = iter(self.convolutions), []
        for block, count in enumerate(BLOCKS):
            x = F.max_pool2d(x, 2) if block else x
            for _ in range(count):
                x = torch.relu_(next(layers)(x))
            kept.append(x)
        grid = (picture.shape[1] // CELL, picture.shape[2] // CELL)
        return torch.cat([F.avg_pool2d(kept[2], 2), kept[3], F.interpolate(kept[4], grid, mode="bilinear")], 1)


def sized(rgb: NDArray[np.uint8], long_side: int = LONG_SIDE) -> NDArray[np.uint8]:
    """A still uint8 `[H, W, 3]` as the backbone looks at it: `long_side` long, sides multiples of `SIDE_STEP`."""
    scale = long_side / max(rgb.shape[:2])
    height, width = (max(2 * SIDE_STEP, round(side * scale / SIDE_STEP) * SIDE_STEP) for side in rgb.shape[:2])
    return np.asarray(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


@torch.inference_mode()
def features_of(backbone: Backbone, small: NDArray[np.uint8]) -> Tensor:
    """Features float32 `[FEATURES, h, w]` of a `sized` still."""
    return backbone(torch.from_numpy(small).permute(2, 0, 1).float() / 255)[0]
