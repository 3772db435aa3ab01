"""Where something is, as networks understand it: by waves of many lengths (Tancik et al., arXiv 2006.10739)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from pipelines.eyes.tap.encoder import SEEN


class Spot(NamedTuple):
    """A place (x, y) in [0, 1] of the square that is looked at, and what is there: one of the kinds below."""

    x: float
    y: float
    kind: int


UNWANTED, WANTED, TOP_LEFT, BOTTOM_RIGHT = range(4)
"""What can be at a spot: a tap on what shall not belong to the mask, a tap on what shall, two corners of a box."""


class Places(nn.Module):
    """Where taps, boxes and all places of a picture are."""

    def __init__(self) -> None:
        super().__init__()
        self.waves = nn.Parameter(torch.zeros(2, SEEN // 2))
        self.kinds = nn.Parameter(torch.zeros(4, SEEN))
        self.no_spot = nn.Parameter(torch.zeros(SEEN))

    def of_spots(self, spots: Sequence[Spot], has_box: bool) -> Tensor:
        """`[1, n, SEEN]`. Without a box one stands for none, as in the network's training."""
        where = self._waved(torch.tensor([spot[:2] for spot in spots], dtype=torch.float32))
        known = where + self.kinds[[spot.kind for spot in spots]]
        return (known if has_box else torch.cat([known, self.no_spot[None]]))[None]

    def of_grid(self, height: int, width: int, side: int) -> Tensor:
        """`[1, height * width, SEEN]` of the first rows and columns of a grid of `side` x `side` places."""
        y, x = ((torch.arange(count) + 0.5) / side for count in (height, width))
        grid = torch.stack([x.expand(height, width), y[:, None].expand(height, width)], -1)
        return self._waved(grid).view(1, height * width, SEEN)

    def _waved(self, where: Tensor) -> Tensor:
        """`[..., SEEN]` of places (x, y) `[..., 2]` in [0, 1]."""
        angle = 2 * math.pi * ((2 * where - 1) @ self.waves)
        return torch.cat([angle.sin(), angle.cos()], -1)
