"""From what the backbone sees to materials and distance: a small network, trained on labelled photos."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pipelines.eyes.backbone import FEATURES
from pipelines.eyes.materials import MATERIALS

EXTRAS = 5
"""Channels beside the features: colour, subject, row."""

WIDTH, EXTRA_WIDTH = 96, 32

DILATIONS = (1, 2, 4, 8)

GROUPS = 8
"""Of the normalisation."""


class Head(nn.Module):
    """From features `[B, FEATURES, h, w]` and extras `[B, EXTRAS, h, w]` to logits `[B, 9 + 2, h, w]`.

    They are those of the materials, of the distance and of the interest.
    """

    def __init__(self, dropout: float = 0.15) -> None:
        super().__init__()
        width = WIDTH + EXTRA_WIDTH
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer("mean", torch.zeros(FEATURES))
        self.register_buffer("deviation", torch.ones(FEATURES))
        self.seen, self.beside = nn.Conv2d(FEATURES, WIDTH, 1), nn.Conv2d(EXTRAS, EXTRA_WIDTH, 3, padding=1)
        self.blocks = nn.ModuleList(_block(width, dilation, dropout) for dilation in DILATIONS)
        self.whole, self.out = nn.Linear(width, width), nn.Conv2d(width, len(MATERIALS) + 2, 1)

    def forward(self, features: Tensor, extras: Tensor) -> Tensor:
        """Logits; `distance_share` and `interest_logits` read the last two."""
        x = (features - self.mean[:, None, None]) / self.deviation[:, None, None]
        if self.training:
            x = x + torch.randn_like(x) * FEATURE_NOISE
        x = torch.cat([self.seen(x), self.beside(extras)], 1)
        for block in self.blocks:
            x = x + block(x)
        # what the whole picture is, is known at every place of it
        x = x + self.whole(x.mean((2, 3)))[..., None, None]
        return self.out(x)


FEATURE_NOISE = 0.25
"""Deviations of noise on the features in training: there are few photos and many features."""


def _block(width: int, dilation: int, dropout: float) -> nn.Module:
    return nn.Sequential(
        nn.GroupNorm(GROUPS, width),
        nn.SiLU(),
        nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation),
        nn.GroupNorm(GROUPS, width),
        nn.SiLU(),
        nn.Dropout2d(dropout),
        nn.Conv2d(width, width, 1),
    )


def distance_share(logits: Tensor) -> Tensor:
    """How far, `[B, h, w]`, 0 near to 1 sky: the code as a share of `FARTHEST`."""
    return torch.sigmoid(logits[:, len(MATERIALS)])


def interest_logits(logits: Tensor) -> Tensor:
    """How much each place draws the eye, as logits over all places, `[B, h, w]`."""
    return logits[:, len(MATERIALS) + 1]


def extras_of(small: NDArray[np.uint8], mask: NDArray[np.float32], grid: tuple[int, int]) -> Tensor:
    """Colour, subject and row, `[EXTRAS, h, w]` in [-1, 1], of a still uint8 `[H, W, 3]` and its mask in [0, 1]."""
    size = (grid[1], grid[0])
    colour = cv2.resize(small, size, interpolation=cv2.INTER_AREA).astype(np.float32).transpose(2, 0, 1) / 255
    subject = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)[None]
    row = np.linspace(-1, 1, grid[0], dtype=np.float32)[:, None].repeat(grid[1], 1)[None]
    return torch.from_numpy(np.concatenate([colour * 2 - 1, subject * 2 - 1, row]))
