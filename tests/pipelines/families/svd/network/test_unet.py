"""Our forward pass of the UNet is that of diffusers: the algebra in float64, the rounding in the formats in use."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

from benchmarks.svd_figures.counting import count
from benchmarks.svd_figures.models import enliven
from pipelines.families.svd import architecture
from pipelines.families.svd.network.one_key import cross_attention, fold
from pipelines.families.svd.network.transformer import Shape
from pipelines.families.svd.network.unet import Inputs, Unet

FRAMES = 5

EXACT = 1e-12
"""Relative error in float64 of the same algebra in another order."""


@pytest.fixture(scope="module")
def stock() -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return enliven(architecture.unet(width=64, frames=FRAMES)).eval().double()


@pytest.fixture(scope="module")
def given() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)

    def normal(*size: int) -> torch.Tensor:
        return torch.randn(size, generator=generator, dtype=torch.float64)

    still = torch.cat([torch.zeros(1, 1, architecture.VECTOR), normal(1, 1, architecture.VECTOR)])
    controls = torch.tensor([[6.0, 127.0, 0.02]] * 2, dtype=torch.float64)
    return {"x": normal(2, FRAMES, 8, 16, 8), "noise": torch.tensor([1.3]), "clip": still, "controls": controls}


def stock_velocity(unet: Any, given: dict[str, torch.Tensor], dtype: torch.dtype = torch.float64) -> torch.Tensor:
    x, clip, controls = (given[name].to(dtype) for name in ("x", "clip", "controls"))
    with torch.no_grad():
        return unet.to(dtype)(x, given["noise"][0], clip, controls, return_dict=False)[0].double()


def our_velocity(unet: Unet, given: dict[str, torch.Tensor], shape: Shape, split: bool = False) -> torch.Tensor:
    dtype = unet.module.dtype
    with torch.no_grad():
        context = unet.context(given["clip"].to(dtype), given["controls"].to(dtype), FRAMES)
        branches = [slice(0, 1), slice(1, 2)] if split else [slice(0, 2)]
        x = given["x"].to(dtype)
        parts = [unet.full(Inputs(x[b], given["noise"], context.of_branch(b), shape)).velocity for b in branches]
    return torch.cat(parts).double()


def apart(a: torch.Tensor, b: torch.Tensor) -> float:
    return float((a - b).norm() / b.norm())


@pytest.mark.parametrize(
    ("shape", "split"),
    [
        (Shape(FRAMES), False),
        (Shape(FRAMES), True),
        (Shape(FRAMES, rows=97), False),
        (Shape(FRAMES, grid=50), False),
        (Shape(FRAMES, rows=64, grid=7), True),
    ],
    ids=["together", "guidance split", "feed-forward in parts", "attention in parts", "all of it"],
)
def test_the_algebra_is_that_of_the_stock_pass(
    stock: Any, given: dict[str, torch.Tensor], shape: Shape, split: bool
) -> None:
    ours = our_velocity(Unet(copy.deepcopy(stock)), given, shape, split)
    theirs = stock_velocity(stock, given)
    assert theirs.std() > 0.01
    assert apart(ours, theirs) <= EXACT


def test_sizes_that_do_not_halve_evenly(stock: Any, given: dict[str, torch.Tensor]) -> None:
    odd = given | {"x": given["x"][..., :12, :7]}
    ours = our_velocity(Unet(copy.deepcopy(stock)), odd, Shape(FRAMES))
    assert apart(ours, stock_velocity(stock, odd)) <= EXACT


@pytest.mark.parametrize(("dtype", "slack"), [(torch.float32, 1.2), (torch.bfloat16, 1.1)])
def test_the_rounding_is_no_worse_than_that_of_the_stock_pass(
    stock: Any, given: dict[str, torch.Tensor], dtype: torch.dtype, slack: float
) -> None:
    truth = stock_velocity(copy.deepcopy(stock), given)
    theirs = apart(stock_velocity(copy.deepcopy(stock), given, dtype), truth)
    ours = apart(our_velocity(Unet(copy.deepcopy(stock).to(dtype)), given, Shape(FRAMES, rows=97), True), truth)
    assert 0 < ours <= slack * theirs


@pytest.mark.parametrize(("dtype", "most"), [(torch.float32, 1e-6), (torch.bfloat16, 0.0)])
def test_one_key_is_a_constant_to_the_last_bit_at_full_width(dtype: torch.dtype, most: float) -> None:
    """The first transformer of the released UNet: 320 channels, 5 heads, a CLIP vector of 1024 numbers.

    In float32 a matrix product of fewer rows may add up in another order.
    """
    from diffusers.models.transformers.transformer_temporal import TransformerSpatioTemporalModel

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        block = TransformerSpatioTemporalModel(5, 64, in_channels=320, cross_attention_dim=1024).to(dtype)
        clip, tokens = torch.randn(2, 1, 1024).to(dtype), torch.randn(2, 33, 320).to(dtype)
    with torch.no_grad():
        for layer in (block.transformer_blocks[0], block.temporal_transformer_blocks[0]):
            theirs = layer.attn2(layer.norm2(tokens), encoder_hidden_states=clip)
            assert (cross_attention(layer, clip)[:, 0] - theirs).abs().max() <= most


def test_more_than_one_key_is_refused(stock: Any) -> None:
    block = stock.mid_block.attentions[0]
    with pytest.raises(ValueError, match="2 keys"):
        fold(block, torch.zeros(1, 2, architecture.VECTOR, dtype=torch.float64), FRAMES, 0.5)


def test_a_shallow_pass_on_its_own_features_is_the_whole_pass(stock: Any, given: dict[str, torch.Tensor]) -> None:
    unet = Unet(copy.deepcopy(stock))
    with torch.no_grad():
        context = unet.context(given["clip"], given["controls"], FRAMES)
        inputs = Inputs(given["x"], given["noise"], context, Shape(FRAMES))
        seen = unet.full(inputs)
        assert apart(unet.shallow(inputs, seen.deep), seen.velocity) <= EXACT
        other = inputs._replace(x=inputs.x + 0.1)
        assert apart(unet.shallow(other, seen.deep), seen.velocity) > 1e-4


def test_what_a_pass_costs_at_full_size() -> None:
    """25 frames of 1024x576 in 16 bit, counted on meta tensors."""
    with torch.device("meta"):
        ours, theirs = Unet(architecture.unet().bfloat16()), architecture.unet().bfloat16().to("meta")
        x, noise = torch.empty(2, 25, 8, 72, 128, dtype=torch.bfloat16), torch.empty(1)
        clip, controls = torch.empty(2, 1, 1024, dtype=torch.bfloat16), torch.empty(2, 3)
    with torch.no_grad():
        context = ours.context(clip, controls, 25)
    one = Inputs(x[:1], noise, context.of_branch(slice(0, 1)), Shape(25, rows=65_536))
    split, both = count(lambda: ours.full(one)), count(lambda: theirs(x, noise, clip, controls, return_dict=False))
    assert split.peak_bytes <= 2.2e9
    assert split.peak_bytes <= 0.27 * both.peak_bytes
    assert 2 * split.flops <= 0.97 * both.flops
