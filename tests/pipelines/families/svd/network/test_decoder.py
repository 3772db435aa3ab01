"""Decoding a few frames at a time gives what decoding all at once gives."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

from benchmarks.svd_figures.counting import count
from benchmarks.svd_figures.models import enliven
from pipelines.families.svd import architecture
from pipelines.families.svd.network.decoder import Decoder, Waiting

FRAMES = 7

QUICK = Waiting(frugal=False)

EXACT = 1e-11
"""Relative error in float64 of the same algebra in another order."""


@pytest.fixture(scope="module")
def stock() -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return enliven(architecture.vae(width=32)).eval().double()


@pytest.fixture(scope="module")
def latents() -> torch.Tensor:
    return torch.randn(FRAMES, 4, 6, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def whole(stock: Any, latents: torch.Tensor) -> torch.Tensor:
    return stock_pictures(stock, latents)


def stock_pictures(vae: Any, latents: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return vae.decode(latents.to(vae.dtype), num_frames=FRAMES).sample.double()


def our_pictures(vae: Any, latents: torch.Tensor, chunk: int, waiting: Waiting = QUICK) -> torch.Tensor:
    with torch.no_grad():
        parts = list(Decoder(vae).decode(latents.to(vae.dtype), chunk, waiting))
    assert [len(part) for part in parts[:-1]] == [chunk] * (len(parts) - 1)
    return torch.cat(parts).double()


def apart(a: torch.Tensor, b: torch.Tensor) -> float:
    return float((a - b).norm() / b.norm())


@pytest.mark.parametrize("frugal", [True, False])
@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 9])
def test_any_chunk_gives_the_whole_clip(
    stock: Any, latents: torch.Tensor, whole: torch.Tensor, chunk: int, frugal: bool
) -> None:
    assert apart(our_pictures(copy.deepcopy(stock), latents, chunk, Waiting(frugal=frugal)), whole) <= EXACT


def test_chunks_of_the_stock_decoder_do_not(stock: Any, latents: torch.Tensor, whole: torch.Tensor) -> None:
    with torch.no_grad():
        chunked = torch.cat([stock.decode(part, num_frames=len(part)).sample for part in latents.split(2)])
    assert apart(chunked, whole) > 0.01


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("chunk", [1, 3])
def test_the_rounding_is_no_worse_than_that_of_the_stock_decoder(
    stock: Any, latents: torch.Tensor, whole: torch.Tensor, dtype: torch.dtype, chunk: int
) -> None:
    theirs = apart(stock_pictures(copy.deepcopy(stock).to(dtype), latents), whole)
    ours = apart(our_pictures(copy.deepcopy(stock).to(dtype), latents, chunk), whole)
    assert 0 < ours <= 1.05 * theirs


def test_single_precision_is_within_a_hundred_thousandth(stock: Any, latents: torch.Tensor) -> None:
    theirs = stock_pictures(copy.deepcopy(stock).float(), latents)
    assert apart(our_pictures(copy.deepcopy(stock).float(), latents, 2), theirs) <= 1e-5


def test_a_flat_still_is_no_harm(stock: Any) -> None:
    """Zeros everywhere: the norms divide by next to nothing."""
    flat = torch.zeros(FRAMES, 4, 6, 8, dtype=torch.float64)
    assert apart(our_pictures(copy.deepcopy(stock), flat, 1), stock_pictures(stock, flat)) <= 1e-8


def test_frames_come_one_by_one_and_work_is_told(stock: Any, latents: torch.Tensor) -> None:
    told: list[float] = []
    with torch.no_grad():
        pictures = Decoder(copy.deepcopy(stock)).decode(latents, 1, Waiting(), told.append)
        next(pictures)
        before = told[-1]
        rest = list(pictures)
    assert before < 1
    assert len(rest) == FRAMES - 1
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)


def test_one_frame_is_a_clip(stock: Any, latents: torch.Tensor) -> None:
    with torch.no_grad():
        theirs = stock.decode(latents[:1], num_frames=1).sample
        ours = torch.cat(list(Decoder(copy.deepcopy(stock)).decode(latents[:1], 4, Waiting())))
    assert apart(ours, theirs) <= EXACT


def test_what_decoding_costs_at_full_size() -> None:
    """25 frames of 1024x576 in 16 bit, counted on meta tensors."""
    with torch.device("meta"):
        ours, theirs = Decoder(architecture.vae().bfloat16()), architecture.vae().bfloat16().to("meta")
        latents = torch.empty(25, 4, 72, 128, dtype=torch.bfloat16)

    def stream(waiting: Waiting) -> None:
        for _ in ours.decode(latents, 1, waiting):
            pass

    whole = count(lambda: theirs.decode(latents, num_frames=25))
    frugal, quick = count(lambda: stream(Waiting())), count(lambda: stream(Waiting(frugal=False)))
    assert frugal.peak_bytes <= 6e9
    assert frugal.peak_bytes < quick.peak_bytes < whole.peak_bytes / 3
    assert frugal.flops <= 1.03 * whole.flops
    assert quick.flops <= 1.001 * whole.flops
