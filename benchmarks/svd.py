"""Our Stable Video Diffusion against the stock pipeline: `python -m benchmarks.svd [--device cpu] [--tiny] [--json F]`.

Random weights of the full configuration: nothing is downloaded. On a GPU 25 frames of 1024x576 in 25 steps, fp16; with
`--tiny` a narrow network with all of its blocks and a small clip, which ends in minutes on a CPU. On a GPU that is lent
for minutes: `--only speed`, and the other kinds of figures one by one. The JSON is written anew with each figure.
"""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import torch
import typer

from benchmarks.report import Figure, show, write
from benchmarks.svd_figures.bench import FULL, TINY, TRUTH, Scale, open_bench
from benchmarks.svd_figures.exactness import decode_figure, error_figure, full_width_figure, truth_of, whole_float32
from benchmarks.svd_figures.memory import counted_figures, measured_figures
from benchmarks.svd_figures.questions import answers
from benchmarks.svd_figures.speed import floor_note, overhead_figures, race
from pipelines.devices import best_device

NO_GPU = "needs a GPU: python -m benchmarks.svd"

FAST = {"speed": "fast", "num_inference_steps": 10}
"""The request of the speed that is measured beside the exact one."""

Result = tuple[float | None, str]
"""A figure's value, and its note."""


class Kind(StrEnum):
    """What is measured, in this order."""

    EXACTNESS = "exactness"
    COUNTED = "counted"
    SPEED = "speed"
    OVERHEAD = "overhead"
    MEMORY = "memory"
    FULL_WIDTH = "full-width"


USUAL = [kind for kind in Kind if kind is not Kind.FULL_WIDTH]
"""What is measured unless it is asked otherwise: one pass of the full UNet takes 7 GB of main memory."""


def main(
    device: Annotated[str | None, typer.Option(help="cuda or cpu; default: the best there is.")] = None,
    tiny: Annotated[bool, typer.Option("--tiny", help="Narrow networks and a small clip.")] = False,
    questions: Annotated[
        bool, typer.Option("--questions", help="Only time other ways of a step and a decode.")
    ] = False,
    only: Annotated[list[Kind] | None, typer.Option(help="Only these kinds of figures; can be given again.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Where the figures go as JSON.")] = None,
) -> None:
    """Measure and print every figure with its bar and its goal."""
    place = torch.device(device or best_device())
    scale = TINY if tiny or place.type == "cpu" else FULL
    if questions:
        for row in answers(open_bench(scale, place, torch.bfloat16 if place.type == "cpu" else torch.float16)):
            typer.echo(row)
        return
    figures: list[Figure] = []
    for figure in measure(place, scale, only or USUAL):
        figures.append(figure)
        if json_file is not None:
            write(figures, json_file)
    show(figures, json_file)


def measure(device: torch.device, scale: Scale, kinds: Collection[Kind]) -> Iterator[Figure]:
    """The figures as they are known; those that need a GPU at full size have no value elsewhere."""
    if Kind.EXACTNESS in kinds:
        yield from _exactness(device)
    if Kind.COUNTED in kinds:
        yield from counted_figures()
    if device.type == "cuda" and scale is FULL:
        yield from _on_gpu(device, kinds)
    else:
        yield from _narrow(device, scale, kinds)
    if Kind.FULL_WIDTH in kinds:
        yield full_width_figure()


def _exactness(device: torch.device) -> Iterator[Figure]:
    """Against float64, which only narrow networks fit into."""
    with whole_float32():
        single = open_bench(TRUTH, device, torch.float32)
        truth = truth_of(single, TRUTH)
        figures = [error_figure(single, truth, "fp32"), decode_figure(single)]
    yield from figures
    half = torch.bfloat16 if device.type == "cpu" else torch.float16
    yield error_figure(open_bench(TRUTH, device, half), truth, str(half).removeprefix("torch."))


def _on_gpu(device: torch.device, kinds: Collection[Kind]) -> Iterator[Figure]:
    if not {Kind.SPEED, Kind.OVERHEAD, Kind.MEMORY} & set(kinds):
        return
    bench = open_bench(FULL, device, torch.float16)
    if Kind.SPEED in kinds:
        exact, fast = race(bench, {}, FAST)
        yield from _end_to_end((exact.ratio, f"{exact}{floor_note(exact, bench)}"), (fast.ratio, str(fast)))
    if Kind.OVERHEAD in kinds:
        yield from overhead_figures(bench)
    if Kind.MEMORY in kinds:
        yield from measured_figures(bench)


def _end_to_end(exact: Result, fast: Result) -> list[Figure]:
    return [
        Figure("end to end, exact, against stock", exact[0], "x", 0.80, 0.65, True, exact[1]),
        Figure("end to end, Fast, against stock", fast[0], "x", 0.40, 0.30, True, fast[1]),
    ]


def _narrow(device: torch.device, scale: Scale, kinds: Collection[Kind]) -> Iterator[Figure]:
    """Narrow networks with all blocks, in both formats that a CPU computes in."""
    if not {Kind.SPEED, Kind.OVERHEAD} & set(kinds):
        return
    if Kind.SPEED in kinds:
        yield from _end_to_end((None, NO_GPU), (None, NO_GPU))
    for dtype, name in ((torch.float32, "fp32"), (torch.bfloat16, "bf16")):
        bench = open_bench(scale, device, dtype)
        if Kind.SPEED in kinds:
            result = race(bench, {})[0]
            title = f"narrow networks, exact, against stock, {name}"
            yield Figure(title, result.ratio, "x", 0.85, 0.6, True, str(result))
        if Kind.OVERHEAD in kinds and dtype == torch.bfloat16:
            yield from overhead_figures(bench)
        del bench
        gc.collect()


if __name__ == "__main__":
    typer.run(main)
