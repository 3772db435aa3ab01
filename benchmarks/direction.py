"""What was said against what moves: `python -m benchmarks.direction`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import torch
import typer

from benchmarks.direction_figures.cost import long_figures, preview_figures
from benchmarks.direction_figures.obeyed import arrow_figures, camera_figures, loop_figures, untouched_figures
from benchmarks.direction_figures.svd import svd_figures
from benchmarks.pocket_figures.bench import FULL, QUICK, open_bench
from benchmarks.report import show

PARTS = {
    "camera": camera_figures,
    "arrow": arrow_figures,
    "untouched": untouched_figures,
    "loop": loop_figures,
    "long": long_figures,
    "preview": preview_figures,
    "svd": lambda _: svd_figures(),
}


def main(
    json_file: Annotated[Path | None, typer.Option("--json", help="Where the figures go as JSON.")] = None,
    only: Annotated[list[str] | None, typer.Option(help=f"Of {', '.join(PARTS)}; default: all.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Two photos: only see that it can be measured.")] = False,
) -> None:
    """Make directed clips of photos that no training has seen, and measure the motion in the finished files."""
    with torch.no_grad(), open_bench([], QUICK if quick else FULL) as bench:
        show([figure for part in only or PARTS for figure in PARTS[part](bench)], json_file)


if __name__ == "__main__":
    typer.run(main)
