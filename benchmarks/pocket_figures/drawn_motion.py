"""Figures of drawn motion, before any frame is rendered: does it fold, and do seeds differ?"""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

from benchmarks.pocket_figures.bench import Bench, framed, request_of
from benchmarks.report import Figure
from pipelines.pocket.framing import framing
from pipelines.pocket.guard import DETERMINANT_RANGE, determinants
from pipelines.pocket.layers import Floats
from pipelines.pocket.motion import Motion
from pipelines.pocket.warp import Warper
from pipelines.request import SIZES
from pipelines.subject import subject_mask


def motion_figures(bench: Bench) -> list[Figure]:
    """Folds at the default motion, and how alike the seeds are."""
    drawn = {file.stem: _motions(bench, file) for file in bench.stills}
    return [_folds(drawn, bench.effort.fold_seeds), _seeds(drawn)]


def _motions(bench: Bench, file: Path) -> list[Motion]:
    """The motion of one still for each seed, at motion 127."""
    still = framed(file, request_of(SIZES["Landscape"]))
    mask = subject_mask(still)
    requests = [request_of(SIZES["Landscape"], seed=seed) for seed in range(bench.effort.seeds)]
    return [bench.animator.draw_motion(still, mask, request) for request in requests]


def displayed_determinants(motion: Motion) -> tuple[float, float]:
    """Lowest and highest Jacobian determinant from a displayed pixel to its place in the still, over all frames.

    Of the map as it is shown, with the overscan's crop, between neighbouring cells of the refined field: at full size
    pixels in between are interpolated, so it is no steeper there.
    """
    maps = [determinants(field) for field in displayed_fields(motion)]
    return min(float(m.min()) for m in maps), max(float(m.max()) for m in maps)


def displayed_fields(motion: Motion) -> list[Floats]:
    """The displacement of every frame after the first as it is shown, `[2, h, w]` in image widths."""
    rows, columns = motion.components.shape[-2:]
    warper = Warper(np.zeros((rows, columns, 3), np.uint8), motion, framing(motion))
    here = np.stack(np.meshgrid(np.arange(columns), np.arange(rows))).astype(np.float32)
    return [(np.stack(warper.sources(index)) - here) / columns for index in range(1, len(motion.profiles) + 1)]


def _folds(drawn: dict[str, list[Motion]], seeds: int) -> Figure:
    ranges = [displayed_determinants(motion) for several in drawn.values() for motion in several[:seeds]]
    low, high = DETERMINANT_RANGE
    outside = sum(lowest < low or highest > high for lowest, highest in ranges)
    found = f"[{min(lowest for lowest, _ in ranges):.2f}, {max(highest for _, highest in ranges):.2f}]"
    note = f"{len(drawn)} stills x {seeds} seeds, all frames as shown, at the field's resolution; found {found}"
    return Figure("clips with a determinant outside [0.35, 2.5], motion 127", outside, "clips", 0, 0, True, note)


def _seeds(drawn: dict[str, list[Motion]]) -> Figure:
    by_still = {name: _mean_cosine([m.frame(len(m.profiles)) for m in several]) for name, several in drawn.items()}
    worst = max(by_still, key=lambda name: by_still[name])
    count = len(drawn[worst])
    note = (
        f"last frame's field, {count} seeds, averaged over {len(drawn)} stills; worst is {worst}: {by_still[worst]:.2f}"
    )
    value = float(np.mean(list(by_still.values())))
    return Figure(f"seeds: mean pairwise cosine over {count} seeds", value, "", 0.5, 0.3, True, note)


def _mean_cosine(fields: list[Floats]) -> float:
    units = [field.ravel() / max(float(np.linalg.norm(field)), 1e-9) for field in fields]
    return float(np.mean([float(a @ b) for a, b in itertools.combinations(units, 2)]))
