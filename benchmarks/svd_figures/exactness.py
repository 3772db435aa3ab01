"""How far our frames are from the truth, and from those of the stock pipeline."""

from __future__ import annotations

import copy
from contextlib import AbstractContextManager

import torch

from benchmarks.report import Figure
from benchmarks.svd_figures.bench import Bench, Scale, stock_pipeline
from benchmarks.svd_figures.models import enliven
from pipelines.families.svd import architecture
from pipelines.families.svd.network.decoder import Waiting
from pipelines.families.svd.network.transformer import Shape
from pipelines.families.svd.network.unet import Inputs, Unet

FEW_FRAMES, FEW_CELLS = 5, 16
"""Frames, and height and width in latent cells, of a pass at full width."""

DECODE_CHUNKS = (1, 3, 8, 14)
"""Frames at once for which decoding is compared."""


def whole_float32() -> AbstractContextManager[None]:
    """Without TF32, in which cuDNN convolves float32 unless it is told otherwise: ten bits of it are left."""
    return torch.backends.cudnn.flags(enabled=True, allow_tf32=False)


def error_figure(bench: Bench, truth: torch.Tensor, name: str) -> Figure:
    """Our error over the stock pipeline's, both against `truth`, decoded as a whole clip."""
    frames = bench.scale.request.num_frames
    ours, theirs = bench.frames(), bench.run_stock(decode_chunk_size=frames).cpu()
    errors = [float((pictures.double() - truth).norm() / truth.norm()) for pictures in (ours, theirs)]
    note = f"relative error {errors[0]:.2e} against {errors[1]:.2e}, whole clips, truth in float64"
    return Figure(f"error over the stock pipeline's, {name}", errors[0] / errors[1], "x", 1.0, 1.0, True, note)


def truth_of(bench: Bench, scale: Scale) -> torch.Tensor:
    """The stock pipeline's frames in float64, from the same weights, float64 `[F, 3, H, W]` on the CPU."""
    wide = Bench(stock_pipeline(scale).to(torch.float64), bench.ours, bench.still, scale)
    return wide.run_stock(decode_chunk_size=scale.request.num_frames).double()


@torch.no_grad()
def decode_figure(bench: Bench) -> Figure:
    """Decoding with any chunk against the stock decoder on the whole clip in float64; `bench` is in float32."""
    request = bench.scale.request
    size = (request.num_frames, 4, request.height // 8, request.width // 8)
    latents = torch.randn(size, generator=torch.Generator().manual_seed(2)).to(bench.device)
    vae = bench.stock.vae
    theirs = vae.decode(latents, num_frames=len(latents)).sample
    whole = copy.deepcopy(vae).double().decode(latents.double(), num_frames=len(latents)).sample
    apart = {}
    for chunk in DECODE_CHUNKS:
        parts = list(bench.ours.networks.decoder.decode(latents, chunk, Waiting()))
        apart[chunk] = float((torch.cat(parts) - whole).norm() / whole.norm())
    own = float((theirs - whole).norm() / whole.norm())
    parts_note = ", ".join(f"chunk {chunk}: {error:.1e}" for chunk, error in apart.items())
    note = f"{parts_note}; the stock decoder's own error in fp32 is {own:.1e}"
    name = "decode in fp32 with any chunk against the whole clip in float64"
    return Figure(name, max(apart.values()), "", 1e-5, 1e-5, True, note)


@torch.no_grad()
def full_width_figure() -> Figure:
    """One pass of the UNet as wide and deep as released, in bf16, over the stock pass's error; 7 GB of memory."""
    generator = torch.Generator().manual_seed(3)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        network = enliven(architecture.unet()).eval()
    x = torch.randn(1, FEW_FRAMES, 8, FEW_CELLS, FEW_CELLS, generator=generator)
    clip, controls = torch.randn(1, 1, architecture.VECTOR, generator=generator), torch.tensor([[6.0, 127.0, 0.02]])
    noise = torch.tensor([1.3])
    truth = network(x, noise[0], clip, controls, return_dict=False)[0].double()
    network.bfloat16()
    given = (x.bfloat16(), clip.bfloat16())
    theirs = network(given[0], noise[0], given[1], controls.bfloat16(), return_dict=False)[0]
    ours = Unet(network)
    context = ours.context(given[1], controls, FEW_FRAMES)
    seen = ours.full(Inputs(given[0], noise, context, Shape(FEW_FRAMES))).velocity
    errors = [float((velocity.double() - truth).norm() / truth.norm()) for velocity in (seen, theirs)]
    note = f"relative error {errors[0]:.2e} against {errors[1]:.2e}, {FEW_FRAMES} frames, truth in float32"
    name = "error of a pass at full width over the stock one's, bf16"
    return Figure(name, errors[0] / errors[1], "x", 1, 1, True, note)
