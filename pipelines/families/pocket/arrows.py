"""From arrows and places that keep still to a field: exactly as drawn where drawn, fading away from there.

The field solves the screened Laplace equation, so nothing of it is ever larger than the largest arrow; it does not go
from one thing to another, because the links between them are cut.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.families.pocket.happening import Floats

REACH = 40.0
"""Places of the grid in which the field falls to about a third."""

LEVELS = 3
"""Grids, each half as fine as the last, from whose answers the next begins."""

EXACT, ROUNDS = 2e-2, 200
"""Of the largest arrow: how large all that is left over may be together; and the rounds that are taken at most."""

Fields = NDArray[np.float32]

Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Drawn:
    """Known places of a grid, `places [n, 2]` as (row, column), and what the field is there, `values [n, 2]`."""

    places: Places
    values: NDArray[np.float64]


def field_of(drawn: Drawn, kinds: NDArray[np.int64]) -> Floats:
    """The field `[2, h, w]`; it stays within the `kinds [h, w]` in which something is drawn."""
    fixed = np.zeros(kinds.shape, np.bool_)
    known = np.zeros((2, *kinds.shape), np.float32)
    rows, columns = drawn.places.T
    fixed[rows, columns] = True
    count = np.zeros(kinds.shape)
    np.add.at(count, (rows, columns), 1)
    for axis in (0, 1):
        np.add.at(known[axis], (rows, columns), drawn.values[:, axis].astype(np.float32))
    known /= np.maximum(count, 1).astype(np.float32)
    found = _solved(known, ~fixed, kinds, LEVELS)
    return np.asarray(found, np.float32)


def _links(kinds: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """1 between neighbours of one kind, across and down, 0 between others."""
    across, down = kinds[:, 1:] == kinds[:, :-1], kinds[1:] == kinds[:-1]
    return across.astype(np.float32), down.astype(np.float32)


def _solved(known: Fields, free: NDArray[np.bool_], kinds: NDArray[np.int64], levels: int) -> Fields:
    """With what is known kept, beginning from the answer on a grid half as fine."""
    links, reach = _links(kinds), REACH / 2 ** (LEVELS - levels)
    found = np.where(free, _guessed(known, free, kinds, levels) if levels else 0.0, known).astype(np.float32)
    return np.stack([_conjugated(each, free, links, reach) for each in found])


def _guessed(known: Fields, free: NDArray[np.bool_], kinds: NDArray[np.int64], levels: int) -> Fields:
    """The answer on the coarser grid."""
    coarse = tuple(slice(None, None, 2) for _ in kinds.shape)
    size = kinds[coarse].shape[::-1]
    weight = cv2.resize((~free).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    sums = [cv2.resize(each.astype(np.float32), size, interpolation=cv2.INTER_AREA) for each in known]
    means = np.asarray(np.stack(sums) / np.maximum(weight, np.float32(1e-6)), np.float32)
    small = _solved(means, weight == 0, kinds[coarse], levels - 1)
    return np.stack([cv2.resize(each, kinds.shape[::-1], interpolation=cv2.INTER_LINEAR) for each in small])


def _conjugated(found: Floats, free: NDArray[np.bool_], links: tuple[Floats, Floats], reach: float) -> Floats:
    """By conjugate gradients (Hestenes and Stiefel 1952)."""
    rest = np.where(free, -_operated(found, links, reach), np.float32(0))
    way, size = rest.copy(), float((rest**2).sum())
    least = (EXACT * float(np.abs(found).max())) ** 2
    for _ in range(ROUNDS):
        if size <= least:
            break
        applied = np.where(free, _operated(way, links, reach), np.float32(0))
        step = np.float32(size / max(float((way * applied).sum()), 1e-30))
        found = np.asarray(found + step * way, np.float32)
        rest -= step * applied
        size, before = float((rest**2).sum()), size
        way = rest + np.float32(size / before) * way
    return found


def _operated(values: Floats, links: tuple[Floats, Floats], reach: float) -> Floats:
    """The screened Laplace operator."""
    across, down = links
    result = values * np.float32(1 / reach**2)
    step = across * (values[:, 1:] - values[:, :-1])
    result[:, :-1] -= step
    result[:, 1:] += step
    step = down * (values[1:] - values[:-1])
    result[:-1] -= step
    result[1:] += step
    return result
