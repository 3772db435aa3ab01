"""Peak memory beyond the weights at 25 frames of 1024x576: counted by tensors, and measured where there is a GPU."""

from __future__ import annotations

from collections.abc import Callable

import torch

from benchmarks.report import Figure
from benchmarks.svd_figures.bench import Bench
from benchmarks.svd_figures.counting import Count, count
from pipelines.contract import ignore_steps
from pipelines.families.svd import architecture
from pipelines.families.svd.decoding import Decoding
from pipelines.families.svd.network.decoder import Decoder, Waiting
from pipelines.families.svd.network.transformer import Shape
from pipelines.families.svd.network.unet import Inputs, Unet
from pipelines.families.svd.networks import PARTS
from pipelines.families.svd.plan import Plan, estimate, plans_for
from pipelines.families.svd.sampling import Sampling
from pipelines.families.svd.watch import Watch
from pipelines.request import MotionRequest

GB = 1e9

ROWS = 65_536
"""Tokens at once in a feed-forward, as on a GPU in 16 bit."""

STEPS = 2
"""Of a clip whose memory is measured: more take no more of it."""

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
    """The same as the GPU's allocator sees it, of `bench` at full size; and every plan against what it says it takes.

    Under the last plan the weights wait in main memory for good: nothing else is to be timed with `bench` afterwards.
    """
    request = bench.scale.request.model_copy(update={"num_inference_steps": STEPS})
    plans = plans_for(request, "gpu")
    frugal = next(plan for plan in plans if plan.frugal and plan.chunk == 1)
    sampling, decoding = (peak / GB for peak in _peaks(bench, request, frugal))
    shares = {plan: _taken(bench, request, plan) / estimate(plan, request).peak_bytes for plan in plans}
    note = "; ".join(f"{share:.2f} x with {plan}, chunk {plan.chunk}" for plan, share in shares.items())
    return [
        Figure("peak beyond weights on this GPU, sampling", sampling, "GB", 2.5, 2.2, True, str(frugal)),
        Figure("peak beyond weights on this GPU, decode", decoding, "GB", 6, 4, True, str(frugal)),
        Figure("peak on this GPU over what a plan says", max(shares.values()), "x", 1, 1, True, note),
    ]


def _taken(bench: Bench, request: MotionRequest, plan: Plan) -> int:
    """The most bytes under a plan, with those of the weights that are on the GPU."""
    networks = bench.ours.networks
    networks.ready(("image_encoder", "vae", "unet"), plan)
    here = [weight for part in PARTS for weight in getattr(networks.pipeline, part).parameters() if weight.is_cuda]
    return max(_peaks(bench, request, plan)) + sum(weight.nbytes for weight in here)


def _peaks(bench: Bench, request: MotionRequest, plan: Plan) -> tuple[int, int]:
    """The most bytes while sampling and while decoding, beyond those that were taken before."""
    networks, watch = bench.ours.networks, Watch(ignore_steps)
    sampling = Sampling(networks, bench.still, request, watch)
    before = torch.cuda.memory_allocated()
    first = _peak(lambda: sampling.run(plan))
    decoding = Decoding(networks, sampling.run(plan), request, watch)
    second = _peak(lambda: [None for _ in decoding.run(plan)])
    return first - before, second - before


def _peak(work: Callable[[], object]) -> int:
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    work()
    return torch.cuda.max_memory_allocated()


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


def encode_count() -> Count:
    """One frame through the encoder, in 32 bit."""
    with torch.device("meta"):
        vae = architecture.vae().to("meta")
        pixels = torch.empty(1, 3, 8 * HEIGHT, 8 * WIDTH)

    def encode() -> None:
        vae.encode(pixels).latent_dist.mode()

    return count(encode)


def stock_decode_count() -> Count:
    """The stock decoder on a whole clip."""
    with torch.device("meta"):
        vae = architecture.vae().bfloat16().to("meta")
        latents = torch.empty(FRAMES, 4, HEIGHT, WIDTH, dtype=torch.bfloat16)
    return count(lambda: vae.decode(latents, num_frames=FRAMES))
