"""Which number format the network runs in, chosen on the machine that it runs on, and why."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from pipelines.devices import format_called
from pipelines.families.svd.network.products import product

CHANNELS = 320
"""Channels of the trial: those of the UNet's widest level, where two fifths of its work is."""

CELLS = 16
"""Height and width of the trial's feature map, in latent cells: hundredths of a second in float32."""

REPEATS = 2
"""Timed runs, of which the best counts: another program may take the core during one of them."""

LARGEST_ERROR = 0.05
"""Relative error of bfloat16 that passes: right answers are off by 0.01 (8 bits of mantissa), wrong ones by about 1."""

PATIENCE_S = 0.3
"""A run that takes longer is not repeated: CPUs without bfloat16 of their own need 50 times float32's time for it."""

TOLERATED_SLOWNESS = 1.1
"""bfloat16 halves the memory, so it is taken unless it is slower than float32 by more than this factor."""


@dataclass(frozen=True)
class DtypeChoice:
    """A number format and, in one printable sentence, why it was taken."""

    dtype: torch.dtype
    reason: str


def choose_dtype(device: str, dtype: str | None = None) -> DtypeChoice:
    """`dtype` (see `format_called`) if it is given, else the best for `device` ("cuda", "mps" or "cpu").

    CUDA and MPS get fp16, the format that the weights were released in. The CPU is put to a trial, because there
    fp16 is 30 to 250 times slower than bf16, and single releases of torch have made bf16 slow as well.
    Raises `ModelError` for an unknown name.
    """
    if dtype is not None:
        return DtypeChoice(format_called(dtype), f"{dtype}: asked for.")
    if device.startswith(("cuda", "mps")):
        return DtypeChoice(torch.float16, "fp16: the format that the weights were released in.")
    return _trial()


@torch.no_grad()
def _trial() -> DtypeChoice:
    slow, exact = _run_trial(torch.float32)
    fast, rounded = _run_trial(torch.bfloat16)
    error = ((rounded - exact).norm() / exact.norm()).item()
    if not error <= LARGEST_ERROR:
        return DtypeChoice(torch.float32, f"fp32: bf16 computes wrongly here (relative error {error:.2g}).")
    if fast > TOLERATED_SLOWNESS * slow:
        return DtypeChoice(torch.float32, f"fp32: bf16 takes {fast / slow:.1f} times as long here.")
    return DtypeChoice(torch.bfloat16, f"bf16: half the memory, and fp32 takes {slow / fast:.1f} times as long here.")


def _run_trial(dtype: torch.dtype) -> tuple[float, torch.Tensor]:
    """Best time in seconds, and the result in float32, of a convolution and a linear layer as the UNet has them."""
    generator = torch.Generator().manual_seed(0)
    image = torch.randn(1, CHANNELS, CELLS, CELLS, generator=generator).to(dtype)
    kernel = torch.randn(CHANNELS, CHANNELS, 3, 3, generator=generator).to(dtype)
    layer = nn.Linear(CHANNELS, 4 * CHANNELS, bias=False, device="meta")
    layer.weight = nn.Parameter(torch.randn(4 * CHANNELS, CHANNELS, generator=generator).to(dtype))
    best = float("inf")
    for _ in range(REPEATS + 1):
        start = time.perf_counter()
        result = product(layer, F.conv2d(image, kernel, padding=1).flatten(2).mT)
        seconds = time.perf_counter() - start
        best = min(best, seconds)
        if seconds > PATIENCE_S:
            break
    return best, result.float()
