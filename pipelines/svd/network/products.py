"""Products with matrices of weights, in one kernel with what follows them where the device has such.

On a CPU these are oneDNN's, which torch calls `mkldnn`. It adds the bias or multiplies with a gate before a product is
written out; torch's own path copies the bias first and goes over the result once more for each of the rest. In float32
torch's own path is MKL's besides, which takes twice as long on the processors of other makers.
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
    """`[..., K]` times `[N, K]` transposed, plus `bias` `[N]`, where `has_fused`."""
    # for numbers that lie apart oneDNN has its reference implementation only, a thousand times slower
    return _fused()(x.contiguous(), rows.contiguous(), bias, "none", [], "")


def has_fused(x: torch.Tensor) -> bool:
    """Whether this device has such kernels for the numbers of `x`."""
    # a compiler sees through torch's own operations only, and fuses them by itself
    return not torch.compiler.is_compiling() and x.device.type == "cpu" and x.dtype in _fused_dtypes()


def _fused() -> Any:
    return torch.ops.mkldnn._linear_pointwise


@cache
def _fused_dtypes() -> frozenset[torch.dtype]:
    if not (torch.backends.mkldnn.is_available() and "AVX" in torch.backends.cpu.get_cpu_capability()):
        return frozenset()
    has_narrow = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return frozenset({torch.float32, torch.bfloat16} if has_narrow else {torch.float32})
