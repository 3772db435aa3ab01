"""Time of a clip, ours over the stock pipeline's, in turn."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from benchmarks.report import Figure
from benchmarks.svd_figures.bench import Bench
from pipelines.families.svd.plan import Plan, flops
from pipelines.families.svd.preview import preview

SHARE_BAR, SHARE_GOAL = 2.0, 1.0
"""Percent of a run that may go to what is not the model."""

PREVIEWS = 20
"""Previews that are timed, for one takes less than a clock can tell."""


@dataclass(frozen=True)
class Race:
    """Seconds of each run of both, in the order that they were run in, and the ratio of the medians."""

    ours: list[float]
    stock: list[float]

    @property
    def ratio(self) -> float:
        """Ours over theirs."""
        return statistics.median(self.ours) / statistics.median(self.stock)

    def __str__(self) -> str:
        """Both in seconds."""
        ours, stock = (", ".join(f"{seconds:.2f}" for seconds in runs) for runs in (self.ours, self.stock))
        return f"ours {ours} s; stock {stock} s"


def race(bench: Bench, *changes: dict[str, Any]) -> list[Race]:
    """Whole clips in turn, after one of each that is not timed: stock, and ours with each of the `changes`."""
    ways: list[Callable[[], object]] = [bench.run_stock, *(partial(bench.run_ours, **change) for change in changes)]
    for way in ways:
        way()
    rounds = [[bench.seconds(way) for way in ways] for _ in range(bench.scale.pairs)]
    stock, *ours = map(list, zip(*rounds, strict=True))
    return [Race(times, stock) for times in ours]


def floor_note(race: Race, bench: Bench) -> str:
    """How fast the work of the stock computation would be at the rate that matrix products reach here."""
    peak = matmul_rate(bench)
    if bench.scale.unet < 320:
        return ""
    least = flops(Plan(1), bench.scale.request) / peak
    share = least / statistics.median(race.ours)
    return f"; {share:.0%} of the floor of {least:.1f} s at {peak / 1e12:.0f} TFLOP/s"


@torch.no_grad()
def matmul_rate(bench: Bench, side: int = 4096, repeats: int = 20) -> float:
    """Operations per second of a large matrix product on this device in the bench's dtype."""
    matrix = torch.randn(side, side, device=bench.device, dtype=bench.ours.networks.dtype)
    seconds = bench.seconds(lambda: [matrix @ matrix for _ in range(repeats)])
    return 2 * side**3 * repeats / seconds


def overhead_figures(bench: Bench) -> list[Figure]:
    """What is not the model: all between the passes of the networks, and the previews in it."""
    with _timed_networks(bench) as inside:
        total = bench.seconds(bench.run_ours)
    outside = 100 * (1 - sum(inside) / total)
    request = bench.scale.request
    seen = torch.randn(1, request.num_frames, 4, request.height // 8, request.width // 8, device=bench.device)
    each = bench.seconds(lambda: [preview(seen) for _ in range(PREVIEWS)]) / PREVIEWS
    share = 100 * each * request.num_inference_steps / total
    return [
        Figure("everything that is not the model", outside, "%", SHARE_BAR, SHARE_GOAL, True, f"of {total:.1f} s"),
        Figure("live preview in every step", share, "%", 2.0, 1.0, True, f"{1000 * each:.2f} ms each"),
    ]


@contextmanager
def _timed_networks(bench: Bench) -> Iterator[list[float]]:
    """Adds up the time inside of the networks while it lasts."""
    spent: list[float] = []
    networks = bench.ours.networks
    unet, decoder, parts = networks.unet, networks.decoder, networks.pipeline
    places = [(unet, "full"), (unet, "context"), (parts, "_encode_image"), (parts.vae, "encode")]
    places += [(decoder, "decode")]
    for owner, name in places:
        setattr(owner, name, _timed(getattr(owner, name), spent, bench))
    try:
        yield spent
    finally:
        for owner, name in places:
            delattr(owner, name)


def _timed(work: Callable[..., Any], spent: list[float], bench: Bench) -> Callable[..., Any]:
    def run(*args: Any) -> Any:
        result = None

        def inner() -> None:
            nonlocal result
            result = work(*args)

        spent.append(bench.seconds(inner))
        return _timed_parts(result, spent, bench) if isinstance(result, Iterator) else result

    return run


def _timed_parts(parts: Iterator[Any], spent: list[float], bench: Bench) -> Iterator[Any]:
    while True:
        begun = time.perf_counter()
        part = next(parts, None)
        bench.seconds(lambda: None)
        spent.append(time.perf_counter() - begun)
        if part is None:
            return
        yield part
