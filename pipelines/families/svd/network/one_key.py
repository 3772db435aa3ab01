"""What every step of a clip has in common, computed once per clip.

Stable Video Diffusion's cross-attentions see one key, the CLIP vector of the still. The softmax over one key is 1
whatever the query, so each of them adds the same vector, `to_out(to_v(clip))`, to every token of every frame in every
step. Nothing of it is an approximation: query, key, the norm before them and the attention itself cancel out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from pipelines.families.svd.network.blocks import spatial_share


@dataclass(frozen=True)
class Folded:
    """The constants of one `TransformerSpatioTemporalModel`.

    `positions` `[F, 1, C]` tells the frames apart; `layers` holds the pair of what cross-attention over space and over
    time adds, `[B, 1, 1, C]` each; `share` is how much of the spatial branch is kept.
    """

    positions: torch.Tensor
    layers: tuple[tuple[torch.Tensor, torch.Tensor], ...]
    share: float

    def of_branch(self, branch: slice) -> Folded:
        """The constants of some of the B clips only."""
        return Folded(self.positions, tuple((space[branch], time[branch]) for space, time in self.layers), self.share)


def fold(block: Any, context: torch.Tensor, frames: int, share: float) -> Folded:
    """The constants of a `TransformerSpatioTemporalModel` for CLIP vectors `[B, 1, D]`.

    Raises `ValueError` for more than one key, to which none of this applies.
    """
    if context.shape[1] != 1:
        raise ValueError(f"The context has {context.shape[1]} keys; cross-attention is a constant for one key only.")
    layers = zip(block.transformer_blocks, block.temporal_transformer_blocks, strict=True)
    constants = tuple((cross_attention(space, context), cross_attention(time, context)) for space, time in layers)
    numbers = block.time_proj(torch.arange(frames, device=context.device)).to(context.dtype)
    return Folded(block.time_pos_embed(numbers)[:, None], constants, share)


def cross_attention(layer: Any, context: torch.Tensor) -> torch.Tensor:
    """What the cross-attention `attn2` of a transformer block adds to every token, `[B, 1, 1, C]`."""
    return layer.attn2.to_out[0](layer.attn2.to_v(context))[:, None]


def shares(unet: Any) -> dict[Any, float]:
    """The `spatial_share` of every block of `unet` that mixes space and time. Waits for the device: ask once."""
    return {block: spatial_share(block.time_mixer) for block in unet.modules() if hasattr(block, "time_mixer")}
