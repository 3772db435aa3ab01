"""A mask survives as a few polygons: what was tapped is what moves, whatever the size of the clip."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipelines.direction import FULL, Region
from pipelines.outlines import CRUMB, filled, outline

Mask = np.ndarray


def overlap(one: Mask, other: Mask) -> float:
    """Intersection over union."""
    return float((one & other).sum() / max(1, (one | other).sum()))


def blob(height: int, width: int, seed: int, share: float = 0.7) -> Mask:
    """A soft, random shape."""
    noise = np.random.default_rng(seed).random((8, 8)).astype(np.float32)
    return cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC) > share


def ring(height: int, width: int) -> Mask:
    """A disc with a hole in which an island stands."""
    mask = np.zeros((height, width), np.uint8)
    middle = (width // 2, height // 2)
    for radius, value in ((0.4, 1), (0.25, 0), (0.1, 1)):
        cv2.circle(mask, middle, round(radius * height), value, -1)
    return mask.astype(bool)


@pytest.mark.parametrize("size", [(576, 1024), (1024, 576), (240, 320), (3000, 5000)])
def test_a_mask_comes_back_from_its_outline(size: tuple[int, int]) -> None:
    for mask in (ring(*size), *(blob(*size, seed) for seed in range(3))):
        polygons = outline(mask)
        assert overlap(mask, filled(polygons, *size)) >= 0.98
        # a direction takes no more, and nothing beyond the picture
        assert Region(outlines=polygons).outlines


def test_the_same_outline_fits_the_picture_at_any_size() -> None:
    polygons = outline(ring(576, 1024))
    for size in ((288, 512), (2304, 4096)):
        assert overlap(ring(*size), filled(polygons, *size)) >= 0.98


def test_a_hole_and_an_island_in_it_are_polygons_of_their_own() -> None:
    polygons = outline(ring(576, 1024))
    assert len(polygons) == 3
    mask = filled(polygons, 576, 1024)
    assert mask[288, 512] and not mask[288, 512 + 100] and mask[288, 512 + 190]


def test_an_outline_says_x_before_y_and_counts_from_the_top() -> None:
    mask = np.zeros((100, 200), bool)
    mask[:25, 100:] = True
    assert np.allclose(sorted(outline(mask)[0]), [(500, 0), (500, 250), (1000, 0), (1000, 250)], atol=2)


def test_nothing_and_everything() -> None:
    assert outline(np.zeros((90, 160), bool)) == []
    assert not filled([], 90, 160).any()
    assert sorted(outline(np.ones((90, 160), bool))[0]) == [(0, 0), (0, FULL), (FULL, 0), (FULL, FULL)]
    assert filled([[(0, 0), (1000, 0), (1000, 1000), (0, 1000)]], 90, 160).all()


def test_crumbs_and_pinholes_are_dropped() -> None:
    mask = np.zeros((400, 400), bool)
    mask[100:300, 100:300] = True
    # 64 of 160,000 pixels are below a half per mille, 144 above
    mask[10:18, 10:18] = mask[30:42, 30:42] = True
    mask[200:208, 200:208] = False
    assert 64 < CRUMB * mask.size < 144
    assert len(outline(mask)) == 2


def test_a_mask_of_countless_pieces_stays_within_bounds() -> None:
    noisy = np.random.default_rng(0).random((36, 64)) > 0.5
    mask = cv2.resize(noisy.astype(np.uint8), (1024, 576), interpolation=cv2.INTER_NEAREST) > 0
    polygons = outline(mask)
    assert Region(outlines=polygons).outlines


def test_a_coarser_outline_has_fewer_corners() -> None:
    mask = blob(576, 1024, 1)
    assert sum(map(len, outline(mask, 8 / 1024))) < sum(map(len, outline(mask))) / 1.5
