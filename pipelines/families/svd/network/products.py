"""Products with matrices of weights, in one kernel with what follows them where the device has such.

In bf16 on a CPU these are oneDNN's, which torch calls `mkldnn`. It adds the bias or multiplies with a gate before a
product is rounded and written out; torch's own path copies the bias first and goes over the result once more for each
of the rest. In float32 it would be twice as fast as torch's on some processors, but sums over 320 numbers and more come
out up to twice less exact, and a pass at full width would be further from the truth than the stock one.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch.nn import functional as F


def product(layer: Any, x: torch.Tensor) -> torch.Tensor:
    """`layer(x)` for an `nn.Linear`."""
    return times(x, layer.weight, layer.bias) if has_fused(x) else layer(x)


def gated_product(layer: Any, x: torch.Tensor) -> torch.Tensor:
    """GEGLU (Shazeer 2020, arXiv 2002.05202): the first half of `layer(x)`, gated by GELU of the second."""
    if not has_fused(x):
        hidden, gate = layer(x).chunk(2, dim=-1)
        return F.gelu(gate).mul_(hidden)
    (weight, gate_weight), (bias, gate_bias) = layer.weight.chunk(2), layer.bias.chunk(2)
    gate = _fused()(x, gate_weight, gate_bias, "gelu", [], "none")
    return _fused().binary(x, gate, weight, bias, "mul")


def times(x: torch.Tensor, rows: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """`[..., K]` times `[N, K]` transposed, plus `bias` `[N]`, by oneDNN, on any CPU that has it."""
    # for numbers that lie apart oneDNN has its reference implementation only, a thousand times slower
    return _fused()(x.contiguous(), rows.contiguous(), bias, "none", [], "")


def has_fused(x: torch.Tensor) -> bool:
    """Whether this device has such kernels for the numbers of `x`."""
    # a compiler sees through torch's own operations only, and fuses them by itself
    if torch.compiler.is_compiling() or x.device.type != "cpu":
        return False
    return x.dtype == torch.bfloat16 and _has_narrow()


def _fused() -> Any:
    return torch.ops.mkldnn._linear_pointwise


@cache
def _has_narrow() -> bool:
    """Whether oneDNN is there, and fast in bf16 on this processor."""
    is_there = torch.backends.mkldnn.is_available() and "AVX" in torch.backends.cpu.get_cpu_capability()
    return is_there and torch.ops.mkldnn._is_mkldnn_bf16_supported()
