"""How weights and feature maps lie in memory, and convolutions over time as ones over height.

What the passes of this folder never look at is let go: a thirtieth of the UNet.

A clip `[F, C, H, W]` with its channels last is, number for number, also a picture of height F and width H*W. A 3x1x1
convolution over time is therefore a 3x1 convolution over that picture, and needs no copy. It is the same sum; and it
keeps clear of the 3-d convolutions of cuDNN, which are slow in half precision (pytorch #166122).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

TIME_KERNEL = (3, 1, 1)
"""Kernel of the convolutions over time: three frames, one cell."""

QUERY_KEY_VALUE = ("to_q", "to_k", "to_v")
"""The projections of an `Attention`, in the order of their joint matrix."""


def lay_out(network: Any, device: torch.device) -> None:
    """Lays the weights of a UNet or VAE out for `device`, in place: only the forward passes of this folder fit then.

    Does nothing the second time.
    """
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Conv3d) and child.kernel_size == TIME_KERNEL:
                setattr(module, name, _over_height(child))
        if hasattr(module, "attn1") and hasattr(module.attn1, "to_q"):
            _join(module.attn1)
            _drop_what_is_folded(module)
    network.to(memory_format=layout_for(device))


def layout_for(device: torch.device) -> torch.memory_format:
    """The layout of feature maps: channels last, but for a CPU.

    There torch's group norm over channels-last maps is three times less exact than over the others, which would put us
    behind the stock pass, and in bf16 five times slower.
    """
    return torch.contiguous_format if device.type == "cpu" else torch.channels_last


def as_clips(x: torch.Tensor, frames: int) -> torch.Tensor:
    """Frames `[B*F, C, H, W]` as `[B, C, F, H*W]`, in the same layout: channels last without a copy."""
    if not _is_channels_last(x):
        return x.unflatten(0, (-1, frames)).transpose(1, 2).flatten(3)
    rows = x.permute(0, 2, 3, 1).unflatten(0, (-1, frames)).flatten(2, 3)
    return rows.permute(0, 3, 1, 2)


def as_frames(clips: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """The way back from `as_clips`: a view of the clips as frames in the height and width of `like`."""
    return clips.transpose(1, 2).unflatten(3, like.shape[2:]).flatten(0, 1)


def _is_channels_last(x: torch.Tensor) -> bool:
    return x.is_contiguous(memory_format=torch.channels_last)


def _join(attention: Any) -> None:
    """One matrix for query, key and value of self-attention: one product, and one look at the tokens."""
    weights = [getattr(attention, name).weight.detach() for name in QUERY_KEY_VALUE]
    joined = nn.Linear(weights[0].shape[1], sum(map(len, weights)), bias=False, device="meta")
    joined.weight = nn.Parameter(torch.cat(weights), requires_grad=False)
    for name in QUERY_KEY_VALUE:
        delattr(attention, name)
    attention.to_qkv = joined


def _drop_what_is_folded(block: Any) -> None:
    """Query and key of a cross-attention over one key cancel out: see `one_key`."""
    del block.norm2, block.attn2.to_q, block.attn2.to_k


def _over_height(conv: nn.Conv3d) -> nn.Conv2d:
    """The 3x1 convolution with the weights of a 3x1x1 one."""
    flat = nn.Conv2d(conv.in_channels, conv.out_channels, (3, 1), padding=(1, 0), device="meta")
    flat.weight = nn.Parameter(conv.weight.detach()[..., 0], requires_grad=False)
    flat.bias = conv.bias
    return flat
