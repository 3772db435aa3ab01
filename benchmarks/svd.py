"""Our Stable Video Diffusion against the stock pipeline: `python -m benchmarks.svd [--device cpu] [--tiny] [--json F]`.

Random weights of the full configuration: nothing is downloaded. On a GPU 25 frames of 1024x576 in 25 steps, fp16; with
`--tiny` a narrow network with all of its blocks and a small clip, which ends in minutes on a CPU.
"""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Annotated

import torch
import typer

from benchmarks.report import Figure, show
from benchmarks.svd_figures.bench import FULL, TINY, TRUTH, Bench, Scale, open_bench
from benchmarks.svd_figures.exactness import decode_figure, error_figure, full_width_figure, truth_of
from benchmarks.svd_figures.memory import counted_figures, measured_figures
from benchmarks.svd_figures.questions import answers, table
from benchmarks.svd_figures.speed import floor_note, overhead_figures, race
from pipelines.svd.loading import best_device

NO_GPU = "needs a GPU: python -m benchmarks.svd"


def main(
    device: Annotated[str | None, typer.Option(help="cuda or cpu; default: the best there is.")] = None,
    tiny: Annotated[bool, typer.Option("--tiny", help="Narrow networks and a small clip.")] = False,
    full_width: Annotated[bool, typer.Option("--full-width", help="Also one pass of the full UNet: 7 GB.")] = False,
    questions: Annotated[
        bool, typer.Option("--questions", help="Only time other ways of a step and a decode.")
    ] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Where the figures go as JSON.")] = None,
) -> None:
    """Measure and print every figure with its bar and its goal."""
    place = torch.device(device or best_device())
    if questions:
        typer.echo(table(answers(_bench(place, tiny))))
        return
    figures = [full_width_figure()] if full_width else []
    show([*figures, *measure(place, TINY if tiny or place.type == "cpu" else FULL)], json_file)


def _bench(device: torch.device, tiny: bool) -> Bench:
    scale = TINY if tiny or device.type == "cpu" else FULL
    return open_bench(scale, device, torch.bfloat16 if device.type == "cpu" else torch.float16)


def measure(device: torch.device, scale: Scale) -> list[Figure]:
    """All figures; those that need a GPU at full size have no value elsewhere."""
    figures = [*_exactness(device), *counted_figures()]
    if device.type == "cuda" and scale is FULL:
        return figures + _on_gpu(open_bench(scale, device, torch.float16))
    return figures + _not_on_gpu() + _narrow(device, scale)


def _exactness(device: torch.device) -> list[Figure]:
    """Against float64, which only narrow networks fit into."""
    single = open_bench(TRUTH, device, torch.float32)
    truth = truth_of(single, TRUTH)
    half = torch.bfloat16 if device.type == "cpu" else torch.float16
    figures = [error_figure(single, truth, "fp32"), decode_figure(single)]
    return [*figures, error_figure(open_bench(TRUTH, device, half), truth, str(half).removeprefix("torch."))]


def _on_gpu(bench: Bench) -> list[Figure]:
    exact, fast = race(bench), race(bench, speed="fast", num_inference_steps=10)
    return [
        Figure(
            "end to end, exact, against stock", exact.ratio, "x", 0.80, 0.65, True, f"{exact}{floor_note(exact, bench)}"
        ),
        Figure("end to end, Fast, against stock", fast.ratio, "x", 0.40, 0.30, True, str(fast)),
        *overhead_figures(bench),
        *measured_figures(bench),
    ]


def _not_on_gpu() -> list[Figure]:
    return [
        Figure("end to end, exact, against stock", None, "x", 0.80, 0.65, True, NO_GPU),
        Figure("end to end, Fast, against stock", None, "x", 0.40, 0.30, True, NO_GPU),
    ]


def _narrow(device: torch.device, scale: Scale) -> list[Figure]:
    """Narrow networks with all blocks, in both formats that a CPU computes in."""
    figures = []
    for dtype, name in ((torch.float32, "fp32"), (torch.bfloat16, "bf16")):
        bench = open_bench(scale, device, dtype)
        result = race(bench)
        figures.append(
            Figure(f"narrow networks, exact, against stock, {name}", result.ratio, "x", 0.85, 0.6, True, str(result))
        )
        if dtype == torch.bfloat16:
            figures += overhead_figures(bench)
        del bench
        gc.collect()
    return figures


if __name__ == "__main__":
    typer.run(main)
