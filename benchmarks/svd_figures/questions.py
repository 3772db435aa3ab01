"""What is open until a GPU answers it: the same pass, and the same decode, done in other ways, in turn."""

from __future__ import annotations

import statistics
from collections.abc import Callable

import torch

from benchmarks.svd_figures.bench import Bench
from pipelines.svd.network.decoder import Waiting
from pipelines.svd.network.transformer import Shape
from pipelines.svd.network.unet import Inputs

Way = tuple[str, Callable[[], object]]

ROUNDS = 3
"""Timed rounds, of each of which every way is run once; the median counts."""


@torch.no_grad()
def answers(bench: Bench) -> list[tuple[str, float]]:
    """Each way of a guided step and of decoding a clip, and its median seconds; the first of each kind is ours."""
    return [*_raced(bench, _steps(bench)), *_raced(bench, _decodes(bench))]


def table(rows: list[tuple[str, float]]) -> str:
    """The answers as a Markdown table."""
    return "\n".join(["| way | seconds |", "|---|---|", *(f"| {name} | {seconds:.3f} |" for name, seconds in rows)])


def _raced(bench: Bench, ways: list[Way]) -> list[tuple[str, float]]:
    for _, work in ways:
        work()
    runs: dict[str, list[float]] = {name: [] for name, _ in ways}
    for _ in range(ROUNDS):
        for name, work in ways:
            runs[name].append(bench.seconds(work))
    return [(name, statistics.median(seconds)) for name, seconds in runs.items()]


def _steps(bench: Bench) -> list[Way]:
    """A guided step: ours split, together, in parts of several sizes and compiled; and the stock pass."""
    unet, request, device = bench.ours.networks.unet, bench.scale.request, bench.device
    dtype, frames = bench.ours.networks.dtype, request.num_frames
    x = torch.randn(2, frames, 8, request.height // 8, request.width // 8, device=device, dtype=dtype)
    noise, clip = torch.ones(1, device=device), torch.randn(2, 1, 1024, device=device, dtype=dtype)
    controls = torch.tensor([[6.0, 127.0, 0.02]] * 2, device=device)
    context = unet.context(clip, controls, frames)
    compiled = torch.compile(unet.full, fullgraph=True) if device.type == "cuda" else None

    def ours(rows: int | None, split: bool, run: Callable[[Inputs], object] = unet.full) -> Callable[[], object]:
        branches = [slice(0, 1), slice(1, 2)] if split else [slice(0, 2)]
        shape = Shape(frames, rows)
        return lambda: [run(Inputs(x[b], noise, context.of_branch(b), shape)) for b in branches]

    ways: list[Way] = [
        ("step: ours, guidance split, 65,536 rows", ours(65_536, True)),
        ("step: ours, guidance together, 65,536 rows", ours(65_536, False)),
        ("step: ours, guidance split, all rows", ours(None, True)),
        ("step: ours, guidance split, 4,096 rows", ours(4_096, True)),
        ("step: stock", lambda: bench.stock.unet(x, noise[0], clip, controls.to(dtype), return_dict=False)),
    ]
    return ways if compiled is None else [*ways, ("step: ours, compiled", ours(None, True, compiled))]


def _decodes(bench: Bench) -> list[Way]:
    """A clip: ours frame by frame and by several frames, frugal or not; stock by eight frames."""
    request, decoder, vae = bench.scale.request, bench.ours.networks.decoder, bench.stock.vae
    size = (request.num_frames, 4, request.height // 8, request.width // 8)
    latents = torch.randn(size, device=bench.device, dtype=bench.ours.networks.dtype)

    def ours(chunk: int, frugal: bool) -> Callable[[], object]:
        return lambda: sum(len(part) for part in decoder.decode(latents, chunk, Waiting(frugal=frugal)))

    return [
        ("decode: ours, 1 frame at once", ours(1, False)),
        ("decode: ours, 1 frame at once, frugal", ours(1, True)),
        ("decode: ours, 2 frames at once", ours(2, False)),
        ("decode: ours, 5 frames at once", ours(5, False)),
        ("decode: stock, 8 frames at once", lambda: [vae.decode(p, num_frames=len(p)) for p in latents.split(8)]),
    ]
