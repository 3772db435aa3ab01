"""Jobs under kills, stops, floods, crowds and reloads: `python -m benchmarks.jobs [--quick] [--json FILE]`.

A fake model of given speed stands in for the GPU; the queue, the workers, the server and the page are the real ones.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.jobs_figures.bench import FULL, QUICK, Effort
from benchmarks.jobs_figures.cancels import cancel_figures
from benchmarks.jobs_figures.crowd import crowd_figures
from benchmarks.jobs_figures.fairness import fairness_figures
from benchmarks.jobs_figures.kills import kill_figures
from benchmarks.jobs_figures.reconnect import reconnect_figures
from benchmarks.jobs_figures.scaling import scaling_figures
from benchmarks.report import Figure, show
from jobs.log import configure_log

PARTS: dict[str, Callable[[Path, Effort], list[Figure]]] = {
    "kills": kill_figures,
    "cancels": cancel_figures,
    "fairness": fairness_figures,
    "scaling": scaling_figures,
    "reconnect": reconnect_figures,
    "crowd": crowd_figures,
}


def main(
    json_file: Annotated[Path | None, typer.Option("--json", help="Where the figures go as JSON.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Only see that every figure can be measured.")] = False,
    only: Annotated[str, typer.Option(help=f"One part: {', '.join(PARTS)}.")] = "",
) -> None:
    """Measure and print every figure with its bar and its goal."""
    configure_log()
    if only and only not in PARTS:
        raise typer.BadParameter(f"There is no part {only}. There are {', '.join(PARTS)}.")
    show(measure(QUICK if quick else FULL, only), json_file)


def measure(effort: Effort, only: str = "") -> list[Figure]:
    """All figures, or those of one part."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    figures = []
    for name, part in PARTS.items():
        if only in {"", name}:
            with tempfile.TemporaryDirectory() as folder:
                figures += part(Path(folder), effort)
    return figures


if __name__ == "__main__":
    typer.run(main)
