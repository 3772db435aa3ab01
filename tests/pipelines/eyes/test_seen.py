"""What is seen of a still follows the still's own edges, at any size, and is kept with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipelines.eyes.materials import MATERIALS
from pipelines.eyes.seen import METRES, Seen, nearness_of

PLACES = 48
"""Of the longer side, as it is looked at."""

SKY, GROUND = MATERIALS.index("sky"), MATERIALS.index("ground")


def horizon_still(width: int, height: int, row: float) -> np.ndarray:
    """Bright above a row (a share of the height), dark below it."""
    rgb = np.full((height, width, 3), 40, np.uint8)
    rgb[: round(height * row)] = 220
    return rgb


def half_seen(row: int, grid: tuple[int, int] = (18, 32)) -> Seen:
    """Sky above a row of a coarse grid, ground below it."""
    shares = np.zeros((len(MATERIALS), *grid), np.uint8)
    shares[SKY, :row], shares[GROUND, row:] = 255, 255
    code = np.full(grid, 80, np.uint8)
    code[:row] = 255
    nothing = np.zeros((2, 4, 6), np.float16)
    return Seen(shares, code, np.zeros((36, 64), np.uint8), np.array([0.4, 0.6], np.float32), nothing, nothing)


@pytest.mark.parametrize("size", [(640, 360), (360, 640), (2048, 1152), (1200, 90)])
def test_a_coarse_border_moves_to_the_still_s_edge(size: tuple[int, int]) -> None:
    width, height = size
    rows, columns = (max(4, round(PLACES * side / max(size))) for side in (height, width))
    # more than half a place below where the grid has it
    edge = (rows // 2 + 0.6) / rows
    sight = half_seen(rows // 2, (rows, columns)).sight(horizon_still(width, height, edge))
    assert sight.materials.shape == (len(MATERIALS), height, width)
    assert sight.materials.sum(0) == pytest.approx(1, abs=1e-4)
    border = int((sight.share_of("sky").mean(1) > 0.5).sum())
    assert border == pytest.approx(edge * height, abs=1.5)


def test_the_sky_is_farther_than_all_else() -> None:
    sight = half_seen(9).sight(horizon_still(640, 360, 0.5))
    assert sight.nearness[:100].max() < sight.nearness[-100:].min()


def test_the_point_of_interest_is_told() -> None:
    assert half_seen(9).sight(horizon_still(64, 36, 0.5)).interest == pytest.approx((0.4, 0.6))


def test_nearness_is_one_over_metres() -> None:
    assert nearness_of(np.arange(10, dtype=np.float32)) == pytest.approx(1 / METRES, rel=1e-4)


def test_what_was_seen_is_the_same_from_its_file(tmp_path: Path) -> None:
    seen = half_seen(7)
    seen.save(tmp_path / "seen.npz")
    again = Seen.read(tmp_path / "seen.npz")
    assert all(np.array_equal(one, other) for one, other in zip(vars(seen).values(), vars(again).values(), strict=True))
