"""The built-in model against what "good" means: `python -m benchmarks.pocket --photos FOLDER --json FILE`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import torch
import typer

from benchmarks.pocket_figures.bench import FULL, QUICK, open_bench
from benchmarks.pocket_figures.boundary import boundary_figures
from benchmarks.pocket_figures.cost import cost_figures
from benchmarks.pocket_figures.drawn_motion import motion_figures
from benchmarks.pocket_figures.finished_clip import clip_figures
from benchmarks.pocket_figures.looking import looking_figures
from benchmarks.report import Figure, show

PARTS = (clip_figures, motion_figures, looking_figures, boundary_figures, cost_figures)


def main(
    photos: Annotated[
        Path | None, typer.Option(help="The folder of photos that the model was trained on; default: shipped stills.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Where the figures go as JSON.")] = None,
    model: Annotated[Path | None, typer.Option(help="A pipeline folder; default: the shipped weights.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Only see that every figure can be measured.")] = False,
) -> None:
    """Measure the built-in model and print every figure with its bar and its goal."""
    show(measure(model, photos, quick), json_file)


@torch.no_grad()
def measure(model: Path | None = None, photos: Path | None = None, quick: bool = False) -> list[Figure]:
    """All figures; raises `FileNotFoundError` without photos and `ModelError` without weights."""
    with open_bench(model, photos, QUICK if quick else FULL) as bench:
        return [figure for part in PARTS for figure in part(bench)]


if __name__ == "__main__":
    typer.run(main)
