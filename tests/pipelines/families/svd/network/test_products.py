"""Products and attention on a CPU: as exact as torch's own, for whatever lies where in memory."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from pipelines.families.svd.network.attending import FEWEST_TOKENS, SCORES, attend
from pipelines.families.svd.network.products import gated_product, product

DTYPES = (torch.float32, torch.bfloat16, torch.float16, torch.float64)

CUT = 800
"""Tokens whose scores are looked at in two parts."""

NO_WORSE = 1.15
"""Times the error of torch's own: both round as often, in another order."""


def normal(*size: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def linear(inputs: int, outputs: int, dtype: torch.dtype) -> nn.Linear:
    layer = nn.Linear(inputs, outputs, device="meta")
    layer.weight = nn.Parameter((normal(outputs, inputs, seed=1) * inputs**-0.5).to(dtype))
    layer.bias = nn.Parameter(normal(outputs, seed=2).to(dtype))
    return layer


def apart(result: torch.Tensor, truth: torch.Tensor) -> float:
    return float((result.double() - truth).norm() / truth.norm())


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@torch.no_grad()
def test_a_product_is_no_less_exact_than_the_layer(dtype: torch.dtype) -> None:
    layer, x = linear(320, 96, dtype), normal(2, 50, 320).to(dtype)
    truth = F.linear(x.double(), layer.weight.double(), layer.bias.double())
    ours = product(layer, x)
    assert ours.dtype == dtype
    assert ours.shape == (2, 50, 96)
    assert apart(ours, truth) <= NO_WORSE * apart(layer(x), truth) + 1e-15


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@torch.no_grad()
def test_a_gated_product_is_no_less_exact_than_its_parts(dtype: torch.dtype) -> None:
    layer, x = linear(320, 96, dtype), normal(70, 320).to(dtype)
    hidden, gate = F.linear(x.double(), layer.weight.double(), layer.bias.double()).chunk(2, dim=-1)
    truth = hidden * F.gelu(gate)
    hidden, gate = layer(x).chunk(2, dim=-1)
    assert apart(gated_product(layer, x), truth) <= NO_WORSE * apart(hidden * F.gelu(gate), truth) + 1e-15


@torch.no_grad()
def test_numbers_that_lie_apart_are_multiplied_too() -> None:
    layer = linear(64, 96, torch.bfloat16)
    x = normal(5, 64, 3).bfloat16()[..., 1]
    assert torch.allclose(product(layer, x), layer(x), rtol=0.02, atol=0.02)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("tokens", [FEWEST_TOKENS - 1, FEWEST_TOKENS, CUT], ids=["few", "just enough", "in two parts"])
@torch.no_grad()
def test_attention_is_no_less_exact_than_torchs(dtype: torch.dtype, tokens: int) -> None:
    assert tokens != CUT or SCORES < CUT * CUT
    # as the network has them: views of one product, so that heads and pictures lie apart
    joined = normal(2, tokens, 3, 3, 16).to(dtype)
    query, key, value = (part.transpose(1, 2) for part in joined.unbind(2))
    truth = F.scaled_dot_product_attention(query.double(), key.double(), value.double())
    own = F.scaled_dot_product_attention(query, key, value)
    ours = attend(query, key, value)
    assert ours.shape == own.shape
    assert ours.dtype == dtype
    assert apart(ours, truth) <= NO_WORSE * apart(own, truth) + 1e-15
