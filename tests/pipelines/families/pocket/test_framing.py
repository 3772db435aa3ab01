"""What is cut away so that nothing from outside the still is shown."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pipelines.families.pocket.framing import Edges, framing, outside, shown

SHAPE = (36, 64)


def shifted(x: float, y: float) -> np.ndarray:
    """Everything comes from so far to the right and below, in image widths."""
    return np.stack([np.full(SHAPE, x, np.float32), np.full(SHAPE, y, np.float32)])


@pytest.mark.parametrize(
    ("x", "y", "side", "share"),
    [
        (-0.05, 0, "left", 0.05),
        (0.05, 0, "right", 0.05),
        (0, -0.05, "top", 0.05 * 64 / 36),
        (0, 0.05, "bottom", 0.05 * 64 / 36),
    ],
)
def test_what_comes_from_outside_is_cut_at_its_edge_only(x, y, side, share):
    edges = outside(shifted(x, y))
    assert getattr(edges, side) == pytest.approx(share, abs=0.01)
    assert sum(vars(edges).values()) == pytest.approx(share, abs=0.01)


def test_the_window_keeps_the_pictures_shape_and_lies_inside():
    left, top, size = Edges(0.06, 0.0, 0.0, 0.01).window()
    assert size == pytest.approx(0.94)
    assert left >= 0.06
    assert top >= 0
    assert top + size <= 0.99 + 1e-9


def test_the_crop_begins_at_nothing_never_lets_go_and_hides_all():
    needed = [Edges(0, 0, 0, 0), *(Edges(0.05 * abs(np.sin(k)), 0, 0, 0) for k in range(1, 8))]
    path = [edges.left for edges in framing(needed)]
    assert path[0] == 0
    assert all(later >= earlier - 1e-9 for earlier, later in itertools.pairwise(path))
    assert all(cut >= edges.left - 1e-9 for cut, edges in zip(path, needed, strict=True))


def test_the_window_moves_the_picture_too():
    still = np.zeros((2, *SHAPE), np.float32)
    moved = shown(still, Edges(0.05, 0.05, 0.05, 0.05))
    assert np.abs(moved).max() == pytest.approx(0.05, abs=0.005)
    assert np.abs(shown(still, Edges(0, 0, 0, 0))).max() == 0
