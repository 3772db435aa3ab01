"""What directing costs: memory and colours of long clips, and how soon a change is seen."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.direction_figures.clips import FPS, asked, still_of
from benchmarks.pocket_figures.bench import Bench
from benchmarks.report import Figure
from media.mp4 import open_mp4, rgb_of
from pipelines.families.pocket.animator import PREVIEW_FRAMES, small_renderer

ROOT = Path(__file__).resolve().parents[2]

LONG_S, SHORT_S = 60, 3

TRIES = 5


def long_figures(bench: Bench) -> list[Figure]:
    """A minute against three seconds, each made by the command line on its own."""
    file = next(each for each in bench.stills if each.stem == LONG_STILL)
    with tempfile.TemporaryDirectory() as folder:
        peaks = {s: _made(file, Path(folder) / f"{s}.mp4", s) for s in (SHORT_S, LONG_S)}
        drift = _drift(Path(folder) / f"{LONG_S}.mp4")
    note = f"{peaks[LONG_S]:.0f} MB against {peaks[SHORT_S]:.0f} MB at the peak, 576 x 320, {FPS} frames a second"
    return [
        Figure("60 s clip: memory against 3 s", peaks[LONG_S] / peaks[SHORT_S], "x", 1.1, 1.0, True, note),
        Figure(
            "60 s clip: colour drift of the last second",
            drift,
            "Lab",
            1.0,
            0.3,
            True,
            "camera held, against the first frame",
        ),
    ]


LONG_STILL = "lake"
"""A still with water and clouds: both run for the whole minute."""


def _made(file: Path, clip: Path, seconds: int) -> float:
    """Megabytes at the peak of a process that makes a clip."""
    size = ["--width", "576", "--height", "320", "--fps", str(FPS), "--num-frames", str(seconds * FPS)]
    arguments = ["app.py", "animate", str(file), "-o", str(clip), *size, "--camera", "hold", "--seed", "1", "--json"]
    made = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    return float(json.loads(made.stdout)["peak_rss_mb"])


def _drift(clip: Path) -> float:
    means: list[NDArray[np.float64]] = []
    with open_mp4(clip) as (container, stream):
        for frame in container.decode(stream):
            means.append(cv2.cvtColor(rgb_of(frame).astype(np.float32) / 255, cv2.COLOR_RGB2LAB).mean((0, 1)))
    return float(np.linalg.norm(np.mean(means[-FPS:], 0) - means[0]))


def preview_figures(bench: Bench) -> list[Figure]:
    """From a change of what was said to the first small frame, and to all of them, the picture being known."""
    still = still_of(bench.stills[0])
    said = [{"arrows": [{"path": [[200, 700], [400 + 20 * n, 700]], "speed": 0.04}]} for n in range(TRIES + 1)]
    small_renderer(bench.animator, still, asked(said[-1])).frame(1.0)
    seen = []
    for direction in said[:-1]:
        start = time.perf_counter()
        renderer = small_renderer(bench.animator, still, asked(direction))
        renderer.frame(1.0)
        first = time.perf_counter() - start
        for index in range(1, PREVIEW_FRAMES - 1):
            renderer.frame(index / (PREVIEW_FRAMES - 1))
        seen.append((first * 1000, (time.perf_counter() - start) * 1000))
    first, whole = np.median(seen, 0)
    note = f"a quarter of the size; {whole:.0f} ms for all {PREVIEW_FRAMES} frames of the moving preview"
    return [Figure("live preview after a drag", float(first), "ms", 200, 60, True, note)]
