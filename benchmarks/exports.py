"""How long a clip takes to save, format by format: `python -m benchmarks.exports --json FILE`."""

from __future__ import annotations

import statistics
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer

from benchmarks.pocket_figures.bench import SHIPPED_STILLS
from benchmarks.report import Figure, show
from media.export.export import export
from media.export.formats import FORMATS
from media.spec import ClipSpec
from media.stills import open_still
from pipelines.contract import RGB

WIDTH, HEIGHT, COUNT = 1024, 576, 25

STEP = 3
"""Pixels by which the picture moves from frame to frame."""

BARS = {"mp4": (1.0, 0.5), "gif": (4.0, 2.0)}
"""Seconds: bar and goal; the other formats are measured and have none."""

NO_BAR = (60.0, 60.0)


def main(
    json_file: Annotated[Path | None, typer.Option("--json", help="Where the figures go as JSON.")] = None,
    runs: Annotated[int, typer.Option(help="Clips per format; the median counts.")] = 3,
) -> None:
    """Save a clip of 25 frames of 1024x576 in every format and print the seconds, writing and probing together."""
    show([_figure(name, runs) for name in FORMATS], json_file)


def moving_photo() -> RGB:
    """Frames uint8 `[COUNT, HEIGHT, WIDTH, 3]` of a photograph that moves."""
    photo = open_still(SHIPPED_STILLS / "otters.jpg").rgb
    still = cv2.resize(photo, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return np.stack([np.roll(still, STEP * index, axis=1) for index in range(COUNT)]).astype(np.uint8)


def _figure(name: str, runs: int) -> Figure:
    kind, frames = FORMATS[name], moving_photo()
    spec = ClipSpec(WIDTH, HEIGHT, COUNT, Fraction(7), "{}")
    times = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"clip{kind.suffix}"
        for _ in range(runs):
            begun = time.perf_counter()
            export(path, frames, spec, kind)
            times.append(time.perf_counter() - begun)
        size = path.stat().st_size
    bar, goal = BARS.get(name, NO_BAR)
    return Figure(
        f"25 frames of 1024x576 to {kind.label}", statistics.median(times), "s", bar, goal, True, f"{size:,} B"
    )


if __name__ == "__main__":
    typer.run(main)
