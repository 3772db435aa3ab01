"""Group norms of a clip whose frames come one after the other."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch.nn import functional as F

OverSpace = Callable[[torch.Tensor], torch.Tensor]
"""A layer that looks at one frame at a time."""


class Statistics:
    """Mean and variance of the groups of a group norm over all frames of a clip, taken in part by part.

    Kept by channel, `[C]` per frame: such sums are many times faster than torch's `var_mean` over groups.
    """

    def __init__(self) -> None:
        self._means: list[torch.Tensor] = []
        self._variances: list[torch.Tensor] = []

    def see(self, part: torch.Tensor) -> None:
        """Takes in frames `[n, C, H, W]`, all of one size."""
        wide = torch.promote_types(part.dtype, torch.float32)
        for frame in part.split(1):
            mean = frame.mean((0, 2, 3), keepdim=True, dtype=wide)
            self._means.append(mean.flatten())
            self._variances.append((frame - mean).square_().mean((0, 2, 3)))

    def activation(self, norm: Any) -> OverSpace:
        """What takes frames `[n, C, H, W]` through a `GroupNorm` with these statistics, and through SiLU."""
        scale, shift = self._affine(norm)
        return partial(_activated, scale[:, None, None], shift[:, None, None])

    def _affine(self, norm: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """What a normalised value is multiplied by and what is added, `[C]` each, in float32 or wider."""
        # A group's part in each frame and channel is of one size: its variance is the mean of theirs, and the variance
        # of their means.
        means = torch.stack(self._means).unflatten(1, (norm.num_groups, -1))
        variances = torch.stack(self._variances).unflatten(1, (norm.num_groups, -1))
        spread, centre = torch.var_mean(means, dim=(0, 2), correction=0)
        width = norm.num_channels // norm.num_groups
        scale = (variances.mean((0, 2)) + spread + norm.eps).rsqrt().repeat_interleave(width) * _wide(norm.weight)
        return scale, _wide(norm.bias) - centre.repeat_interleave(width) * scale


def _wide(x: torch.Tensor) -> torch.Tensor:
    """`x` in float32, or wider where it is: sums over a clip would lose every digit in 16 bit."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def _activated(scale: torch.Tensor, shift: torch.Tensor, part: torch.Tensor) -> torch.Tensor:
    return F.silu(torch.addcmul(shift, part, scale), inplace=True).to(part.dtype)
