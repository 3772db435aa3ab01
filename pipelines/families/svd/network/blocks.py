"""The residual blocks over space and over time."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from pipelines.families.svd.network.layout import as_clips, as_frames


def spatial_residual(block: Any, x: torch.Tensor, step: torch.Tensor | None = None) -> torch.Tensor:
    """A `ResnetBlock2D` on frames `[B*F, C, H, W]`; `step` is the activated embedding `[B, E]` of step and controls."""
    hidden = block.conv1(F.silu(block.norm1(x), inplace=True))
    if step is not None:
        hidden += _per_frame(block.time_emb_proj(step), len(x))[..., None, None]
    hidden = block.conv2(F.silu(block.norm2(hidden), inplace=True))
    return hidden.add_(x if block.conv_shortcut is None else block.conv_shortcut(x))


def temporal_residual(block: Any, x: torch.Tensor, frames: int, step: torch.Tensor, share: float) -> torch.Tensor:
    """A `TemporalResnetBlock` on frames `[B*F, C, H, W]`, mixed with its own input: `share` of it is kept as it is.

    With r for the residual, the stock pass computes share * x + (1 - share) * (x + r); that is x + (1 - share) * r.
    """
    clips = as_clips(x, frames)
    hidden = block.conv1(F.silu(block.norm1(clips), inplace=True))
    hidden += block.time_emb_proj(step)[..., None, None]
    hidden = block.conv2(F.silu(block.norm2(hidden), inplace=True))
    return torch.add(x, as_frames(hidden, x), alpha=1 - share)


def residual(block: Any, x: torch.Tensor, frames: int, step: torch.Tensor, share: float) -> torch.Tensor:
    """A `SpatioTemporalResBlock` on frames `[B*F, C, H, W]`."""
    return temporal_residual(
        block.temporal_res_block, spatial_residual(block.spatial_res_block, x, step), frames, step, share
    )


def spatial_share(mixer: Any) -> float:
    """How much of the spatial branch an `AlphaBlender` keeps, from 0 to 1. Waits for the device: ask once, at load."""
    # to the CPU first: Apple's GPUs know no float64
    share = float(torch.sigmoid(mixer.mix_factor.detach().float().cpu().double()))
    return 1 - share if mixer.switch_spatial_to_temporal_mix else share


def _per_frame(values: torch.Tensor, frames: int) -> torch.Tensor:
    """`[B, C]` for each clip as `[B*F, C]` for each frame; of one clip, as the `[1, C]` that fits all."""
    return values if len(values) == 1 else values.repeat_interleave(frames // len(values), dim=0)
