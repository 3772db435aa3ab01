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
        for frame in part.split(1):
            mean, variance = _moments(frame)
            self._means.append(mean)
            self._variances.append(variance)

    def activation(self, norm: Any) -> OverSpace:
        """What takes frames `[n, C, H, W]` through a `GroupNorm` with these statistics, and through SiLU."""
        mean, variance = self._of_groups(norm.num_groups)
        weight, bias = (each.to(mean.dtype) for each in (norm.weight, norm.bias))
        # a batch norm that has been trained is the same sum, with statistics that are given
        given = {"running_mean": mean, "running_var": variance, "weight": weight, "bias": bias, "eps": norm.eps}
        return partial(_activated, partial(F.batch_norm, **given), mean.dtype)

    def _of_groups(self, groups: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and variance of the group that a channel is in, `[C]` each, in float32 or wider."""
        # A group's part in each frame and channel is of one size: its variance is the mean of theirs, and the variance
        # of their means.
        means = torch.stack(self._means).unflatten(1, (groups, -1))
        variances = torch.stack(self._variances).unflatten(1, (groups, -1))
        spread, centre = torch.var_mean(means, dim=(0, 2), correction=0)
        width = means.shape[2]
        return centre.repeat_interleave(width), (variances.mean((0, 2)) + spread).repeat_interleave(width)


def _moments(frame: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and variance of each channel of `[1, C, H, W]`, `[C]` each, in float32 or wider."""
    if frame.device.type == "cpu" and frame.dtype.itemsize == 2:
        # what torch has for training looks at the frame as it is. In float32 it is slow, and its sums lose digits
        unused = torch.zeros(2, frame.shape[1])
        return torch.batch_norm_update_stats(frame, unused[0], unused[1], 0.0)
    mean = frame.mean((0, 2, 3), keepdim=True, dtype=_wider(frame.dtype))
    return mean.flatten(), (frame - mean).square_().mean((0, 2, 3))


def _activated(norm: OverSpace, wide: torch.dtype, part: torch.Tensor) -> torch.Tensor:
    # Metal takes no numbers of two formats at once
    x = part.to(wide) if part.device.type == "mps" else part
    return F.silu(norm(x), inplace=True).to(part.dtype)


def _wider(dtype: torch.dtype) -> torch.dtype:
    """float32, or wider where numbers are: sums over a clip would lose every digit in 16 bit."""
    return torch.promote_types(dtype, torch.float32)
