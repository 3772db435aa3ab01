"""The transformer blocks over space and over time, with cross-attention folded into constants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional as F

from pipelines.families.svd.network.attending import attend
from pipelines.families.svd.network.one_key import Folded
from pipelines.families.svd.network.products import gated_product, product

ATTENTION_GRID = 65_535
"""Most entries of a batch that torch's memory-efficient attention takes: its grid's third axis (pytorch #142228)."""


@dataclass(frozen=True)
class Shape:
    """How much passes through at once: `frames` of a clip, `rows` tokens of a feed-forward, `grid` attention batches.

    `rows` of None lets all tokens through together.
    """

    frames: int
    rows: int | None = None
    grid: int = ATTENTION_GRID


def transformer(block: Any, x: torch.Tensor, folded: Folded, shape: Shape) -> torch.Tensor:
    """A `TransformerSpatioTemporalModel` on frames `[B*F, C, H, W]`, which it adds to in place."""
    count, channels, height, width = x.shape
    tokens = product(block.proj_in, block.norm(x).permute(0, 2, 3, 1).reshape(count, height * width, channels))
    layers = zip(block.transformer_blocks, block.temporal_transformer_blocks, folded.layers, strict=True)
    for spatial, temporal, (over_space, over_time) in layers:
        tokens = _spatial(spatial, tokens, over_space, shape)
        clips = tokens.unflatten(0, (-1, shape.frames))
        moved = _temporal(temporal, clips + folded.positions, over_time, shape)
        tokens = moved.lerp_(clips, folded.share).flatten(0, 1)
    out = product(block.proj_out, tokens).reshape(count, height, width, channels).permute(0, 3, 1, 2)
    return x.add_(out)


def _spatial(block: Any, tokens: torch.Tensor, context: torch.Tensor, shape: Shape) -> torch.Tensor:
    """A `BasicTransformerBlock` on `[B*F, S, C]`; `context` `[B, 1, 1, C]` is what its cross-attention adds."""
    tokens = attention(block.attn1, block.norm1(tokens)).add_(tokens)
    tokens.unflatten(0, (-1, shape.frames)).add_(context)
    return add_feed_forward(tokens, block.norm3, block.ff, shape.rows)


def _temporal(block: Any, clips: torch.Tensor, context: torch.Tensor, shape: Shape) -> torch.Tensor:
    """A `TemporalBasicTransformerBlock` on `[B, F, S, C]`, which it may overwrite.

    Norms and feed-forwards look at one token at a time, so that only attention has to turn the clip around.
    """
    clips = add_feed_forward(clips, block.norm_in, block.ff_in, shape.rows)
    clips += attention_over_time(block.attn1, block.norm1(clips), shape.grid)
    clips += context
    return add_feed_forward(clips, block.norm3, block.ff, shape.rows)


def add_feed_forward(tokens: torch.Tensor, norm: Any, feed_forward: Any, rows: int | None) -> torch.Tensor:
    """Adds `feed_forward(norm(token))` to every token `[..., C]` in place, `rows` tokens at a time."""
    gated, _, project = feed_forward.net
    flat = tokens.view(-1, tokens.shape[-1])
    for part in flat.split(rows or len(flat)):
        part.add_(product(project, gated_product(gated.proj, norm(part))))
    return tokens


def attention(attn: Any, tokens: torch.Tensor) -> torch.Tensor:
    """Self-attention of `[N, L, C]` over L."""
    query, key, value = (part.transpose(1, 2) for part in _query_key_value(attn, tokens))
    mixed = attend(query, key, value)
    return product(attn.to_out[0], mixed.transpose(1, 2).flatten(2))


def attention_over_time(attn: Any, clips: torch.Tensor, grid: int) -> torch.Tensor:
    """Self-attention of `[B, F, S, C]` over F, at most `grid` entries of batch at once."""
    query, key, value = (part.permute(0, 2, 3, 1, 4) for part in _query_key_value(attn, clips))
    mixed = torch.cat(
        [
            F.scaled_dot_product_attention(*parts).transpose(1, 2)
            for parts in zip(*(whole.flatten(0, 1).split(grid) for whole in (query, key, value)), strict=True)
        ]
    )
    cells = mixed.unflatten(0, (len(clips), -1)).flatten(3)
    return product(attn.to_out[0], cells.transpose(1, 2))


def _query_key_value(attn: Any, tokens: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Three views `[..., heads, D]` of one product."""
    return product(attn.to_qkv, tokens).unflatten(-1, (3, attn.heads, -1)).unbind(-3)
