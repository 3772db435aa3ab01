"""How far our frames are from the truth, and from those of the stock pipeline."""

from __future__ import annotations

import copy

import torch

from benchmarks.report import Figure
from benchmarks.svd_figures.bench import Bench, Scale, stock_pipeline
from pipelines.svd.network.decoder import Waiting

DECODE_CHUNKS = (1, 3, 8, 14)
"""Frames at once for which decoding is compared."""


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
