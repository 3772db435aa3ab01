"""What is open until a GPU answers it: the same pass, and the same decode, done in other ways, in turn."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from typing import Any

import torch

from benchmarks.svd_figures.bench import Bench
from pipelines.families.svd.architecture import VECTOR
from pipelines.families.svd.network.decoder import Waiting
from pipelines.families.svd.network.transformer import Shape
from pipelines.families.svd.network.unet import Inputs
from pipelines.families.svd.sampling import feed_forward_rows

Work = Callable[[], object]

Way = tuple[str, Work]

ROUNDS = 3
"""Timed rounds, of each of which every way is run once; the median counts."""


HEAD = "| way | seconds |\n|---|---|"


def answers(bench: Bench) -> Iterator[str]:
    """A Markdown table, row by row as they are known: ways of a guided step and of decoding a clip, in median seconds.

    The first of each kind is ours. On a GPU the last are compiled, which takes minutes.
    """
    yield HEAD
    kinds = [_steps, _decodes, *([_compiled] if bench.device.type == "cuda" else [])]
    for kind in kinds:
        yield from _raced(bench, kind(bench))


@torch.no_grad()
def _raced(bench: Bench, ways: list[Way]) -> list[str]:
    for _, work in ways:
        work()
    runs: dict[str, list[float]] = {name: [] for name, _ in ways}
    for _ in range(ROUNDS):
        for name, work in ways:
            runs[name].append(bench.seconds(work))
    return [f"| {name} | {statistics.median(seconds):.3f} |" for name, seconds in runs.items()]


class _Given:
    """What a guided step starts from, of random numbers."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.unet, request = bench, bench.ours.networks.unet, bench.scale.request
        self.frames, self.dtype = request.num_frames, bench.ours.networks.dtype
        place: dict[str, Any] = {"device": bench.device, "dtype": self.dtype}
        self.x = torch.randn(2, self.frames, 8, request.height // 8, request.width // 8, **place)
        self.noise, self.clip = torch.ones(1, device=bench.device), torch.randn(2, 1, VECTOR, **place)
        self.controls = torch.tensor([[6.0, 127.0, 0.02]] * 2, device=bench.device)

    @torch.no_grad()
    def ours(self, rows: int | None, split: bool, run: Callable[[Inputs], object] | None = None) -> Work:
        """Our step, with so many rows of a feed-forward at once."""
        branches = [slice(0, 1), slice(1, 2)] if split else [slice(0, 2)]
        shape, run = Shape(self.frames, rows), run or self.unet.full
        context = self.unet.context(self.clip, self.controls, self.frames)
        return lambda: [run(Inputs(self.x[b], self.noise, context.of_branch(b), shape)) for b in branches]

    def stock(self) -> object:
        """The stock pass, for both branches."""
        controls = self.controls.to(self.dtype)
        return self.bench.stock.unet(self.x, self.noise[0], self.clip, controls, return_dict=False)


def _steps(bench: Bench) -> list[Way]:
    """A guided step: ours split, together, and in parts of several sizes; and the stock pass."""
    given, rows = _Given(bench), feed_forward_rows(bench.ours.networks)
    return [
        (f"step: ours, guidance split, {rows:,} rows", given.ours(rows, True)),
        (f"step: ours, guidance together, {rows:,} rows", given.ours(rows, False)),
        ("step: ours, guidance split, all rows", given.ours(None, True)),
        ("step: ours, guidance split, 4,096 rows", given.ours(4_096, True)),
        ("step: stock", given.stock),
    ]


def _compiled(bench: Bench) -> list[Way]:
    """A guided step, compiled for this size."""
    given = _Given(bench)
    compiled = torch.compile(given.unet.full, fullgraph=True)
    return [
        ("step: ours, guidance split, compiled", given.ours(None, True, compiled)),
        ("step: ours, guidance split, all rows, once more", given.ours(None, True)),
    ]


def _decodes(bench: Bench) -> list[Way]:
    """A clip: ours frame by frame and by several frames, frugal or not; stock by eight frames."""
    request, decoder, vae = bench.scale.request, bench.ours.networks.decoder, bench.stock.vae
    size = (request.num_frames, 4, request.height // 8, request.width // 8)
    latents = torch.randn(size, device=bench.device, dtype=bench.ours.networks.dtype)

    def ours(chunk: int, frugal: bool) -> Work:
        return lambda: sum(len(part) for part in decoder.decode(latents, chunk, Waiting(frugal=frugal)))

    return [
        ("decode: ours, 1 frame at once", ours(1, False)),
        ("decode: ours, 1 frame at once, frugal", ours(1, True)),
        ("decode: ours, 2 frames at once", ours(2, False)),
        ("decode: ours, 5 frames at once", ours(5, False)),
        ("decode: stock, 8 frames at once", lambda: [vae.decode(p, num_frames=len(p)) for p in latents.split(8)]),
    ]
