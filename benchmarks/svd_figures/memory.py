"""Peak memory beyond the weights at 25 frames of 1024x576: counted by tensors, and measured where there is a GPU."""

from __future__ import annotations

from collections.abc import Callable

import torch

from benchmarks.report import Figure
from benchmarks.svd_figures.bench import Bench
from benchmarks.svd_figures.counting import Count, count
from pipelines.svd import architecture
from pipelines.svd.network.decoder import Decoder, Waiting
from pipelines.svd.network.transformer import Shape
from pipelines.svd.network.unet import Inputs, Unet

GB = 1e9

ROWS = 65_536
"""Tokens at once in a feed-forward, as on a GPU in 16 bit."""

FRAMES, HEIGHT, WIDTH = 25, 72, 128
"""Of the latents of a clip of the trained size."""


def counted_figures() -> list[Figure]:
    """Memory and work of the full-size networks in 16 bit, on meta tensors; allocator slack is not in them."""
    sampling, stock_pass = sampling_count(), stock_pass_count()
    decoding, whole = decode_count(Waiting()), stock_decode_count()
    note = f"counted on meta tensors, guidance in two passes; the stock pass takes {stock_pass.peak_bytes / GB:.2f} GB"
    decode_note = f"counted on meta tensors; the stock whole-clip decode takes {whole.peak_bytes / GB:.1f} GB"
    return [
        Figure("peak beyond weights, sampling", sampling.peak_bytes / GB, "GB", 2.5, 2.2, True, note),
        Figure("peak beyond weights, decode", decoding.peak_bytes / GB, "GB", 6, 4, True, decode_note),
        Figure("work of the decode over stock whole-clip", decoding.flops / whole.flops, "x", 1.10, 1.0, True, ""),
        Figure("work of a guided step over stock", 2 * sampling.flops / stock_pass.flops, "x", 1.0, 0.96, True, ""),
    ]


def measured_figures(bench: Bench) -> list[Figure]:
    """The same as the GPU's allocator sees it, of `bench` at full size."""
    request = bench.scale.request
    latents = torch.empty(0)

    def sample() -> None:
        nonlocal latents
        latents = bench.ours.sample(bench.still, request)

    def decode() -> None:
        for _ in bench.ours.decode(latents, request):
            pass

    sampling, decoding = _peak(sample) / GB, _peak(decode) / GB
    return [
        Figure("peak beyond weights on this GPU, sampling", sampling, "GB", 2.5, 2.2, True),
        Figure("peak beyond weights on this GPU, decode", decoding, "GB", 6, 4, True),
    ]


def _peak(work: Callable[[], None]) -> int:
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    work()
    return torch.cuda.max_memory_allocated() - before


def sampling_count() -> Count:
    """One pass of our UNet for one branch of guidance."""
    with torch.device("meta"):
        unet = Unet(architecture.unet().bfloat16())
        context = unet.context(torch.empty(1, 1, architecture.VECTOR).bfloat16(), torch.empty(1, 3), FRAMES)
        x = torch.empty(1, FRAMES, 8, HEIGHT, WIDTH, dtype=torch.bfloat16)
        inputs = Inputs(x, torch.empty(1), context, Shape(FRAMES, ROWS))
    return count(lambda: unet.full(inputs))


def stock_pass_count() -> Count:
    """One pass of the stock UNet for both branches, as the stock pipeline does it."""
    with torch.device("meta"):
        unet = architecture.unet().bfloat16().to("meta")
        x = torch.empty(2, FRAMES, 8, HEIGHT, WIDTH, dtype=torch.bfloat16)
        clip, controls = torch.empty(2, 1, architecture.VECTOR).bfloat16(), torch.empty(2, 3)
    return count(lambda: unet(x, torch.tensor(1.0), clip, controls, return_dict=False))


def decode_count(waiting: Waiting, chunk: int = 1) -> Count:
    """Our decoder on a whole clip."""
    with torch.device("meta"):
        decoder = Decoder(architecture.vae().bfloat16())
        latents = torch.empty(FRAMES, 4, HEIGHT, WIDTH, dtype=torch.bfloat16)

    def decode() -> None:
        for _ in decoder.decode(latents, chunk, waiting):
            pass

    return count(decode)


def stock_decode_count() -> Count:
    """The stock decoder on a whole clip."""
    with torch.device("meta"):
        vae = architecture.vae().bfloat16().to("meta")
        latents = torch.empty(FRAMES, 4, HEIGHT, WIDTH, dtype=torch.bfloat16)
    return count(lambda: vae.decode(latents, num_frames=FRAMES))
