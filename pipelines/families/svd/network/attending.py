"""Attention of many tokens on processors that torch's own attention is slow on."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from pipelines.families.svd.network.products import has_fused, times

FEWEST_TOKENS = 256
"""With fewer, torch's attention takes no longer, for it looks at all pictures and heads in one call."""

SCORES = 2**19
"""Scores that are kept at once, 2 MB: as many as a core's caches hold."""


def attend(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """`scaled_dot_product_attention` of `[N, heads, L, D]`.

    In bf16, on a CPU without AMX, torch takes twice as long as three plain steps do: oneDNN's product in float32,
    softmax, and oneDNN's product in bf16. The rounding is the same: of the weights once, before they meet the values.
    """
    if query.shape[2] < FEWEST_TOKENS or not _is_slow_here(query):
        return F.scaled_dot_product_attention(query, key, value)
    out = torch.empty_like(query.transpose(1, 2), memory_format=torch.contiguous_format).transpose(1, 2)
    for pictures in zip(out, query, key, value, strict=True):
        for into, *head in zip(*pictures, strict=True):
            _attend_one(into, *head)
    return out


def _is_slow_here(x: torch.Tensor) -> bool:
    return has_fused(x) and not torch.cpu._is_amx_tile_supported()


def _attend_one(into: torch.Tensor, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> None:
    """One head of one picture: all are `[L, D]`."""
    length, depth = query.shape
    keys, columns = key.float(), value.mT.contiguous()
    rows = max(1, SCORES // length)
    for part, some in zip(into.split(rows), (query.float() * depth**-0.5).split(rows), strict=True):
        weights = times(some, keys).softmax(-1).to(value.dtype)
        part.copy_(times(weights, columns))
