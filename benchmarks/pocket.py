"""The built-in model against what "good" means: `python -m benchmarks.pocket --photos FOLDER --regions FOLDER`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import torch
import typer

from benchmarks.pocket_figures.bench import FULL, QUICK, open_bench
from benchmarks.pocket_figures.camera import camera_figures
from benchmarks.pocket_figures.cost import cost_figures
from benchmarks.pocket_figures.drawn import drawn_figures
from benchmarks.pocket_figures.finished_clip import clip_figures
from benchmarks.pocket_figures.held import held_figures, seeds_figures
from benchmarks.pocket_figures.labelled import labelled_photos
from benchmarks.report import show

PARTS = {
    "held": held_figures,
    "camera": camera_figures,
    "drawn": drawn_figures,
    "clip": clip_figures,
    "seeds": seeds_figures,
    "cost": cost_figures,
}


def main(
    photos: Annotated[Path | None, typer.Option(help="The folder of labelled photos.")] = None,
    regions: Annotated[Path | None, typer.Option(help="The folder of their labels.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Where the figures go as JSON.")] = None,
    only: Annotated[list[str] | None, typer.Option(help=f"Of {', '.join(PARTS)}; default: all.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Only see that every figure can be measured.")] = False,
) -> None:
    """Measure the built-in model and print every figure with its bar and its goal."""
    effort = QUICK if quick else FULL
    labelled = [] if photos is None or regions is None else list(labelled_photos(photos, regions, effort.photos))
    with torch.no_grad(), open_bench(labelled, effort) as bench:
        show([figure for part in only or PARTS for figure in PARTS[part](bench)], json_file)


if __name__ == "__main__":
    typer.run(main)
