"""From arrows and places that keep still to a field: exactly as drawn where drawn, fading away from there.

The field solves the screened Laplace equation, so nothing of it is ever larger than the largest arrow; it does not go
from one thing to another, because the links between them are cut.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.pocket.happening import Floats

REACH = 40.0
"""Places of the grid in which the field falls to about a third."""

EXACT, ROUNDS = 1e-4, 400
"""Of the largest arrow by which the field may be off, and the rounds in which it gets there at the latest."""

Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Drawn:
    """Known places of a grid, `places [n, 2]` as (row, column), and what the field is there, `values [n, 2]`."""

    places: Places
    values: NDArray[np.float64]


def field_of(drawn: Drawn, kinds: NDArray[np.int64]) -> Floats:
    """The field `[2, h, w]`; it stays within the `kinds [h, w]` in which something is drawn."""
    fixed = np.zeros(kinds.shape, np.bool_)
    known = np.zeros((2, *kinds.shape))
    rows, columns = drawn.places.T
    fixed[rows, columns] = True
    count = np.zeros(kinds.shape)
    np.add.at(count, (rows, columns), 1)
    for axis in (0, 1):
        np.add.at(known[axis], (rows, columns), drawn.values[:, axis])
    known /= np.maximum(count, 1)
    links = _links(kinds)
    free = ~fixed
    found = np.stack([_solved(values, free, links) for values in known])
    return np.asarray(found, np.float32)


def _links(kinds: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """1 between neighbours of one kind, across and down, 0 between others."""
    across, down = kinds[:, 1:] == kinds[:, :-1], kinds[1:] == kinds[:-1]
    return across.astype(np.float32), down.astype(np.float32)


def _solved(known: NDArray[np.float64], free: NDArray[np.bool_], links: tuple[Floats, Floats]) -> NDArray[np.float64]:
    """By conjugate gradients (Hestenes and Stiefel 1952), with what is known kept."""
    found = np.where(free, 0.0, known)
    rest = np.where(free, -_operated(found, links), 0.0)
    way, size = rest.copy(), float((rest**2).sum())
    least = (EXACT * max(float(np.abs(known).max()), 1e-12)) ** 2
    for _ in range(ROUNDS):
        if size <= least:
            break
        applied = np.where(free, _operated(way, links), 0.0)
        step = size / float((way * applied).sum())
        found += step * way
        rest -= step * applied
        size, before = float((rest**2).sum()), size
        way = rest + size / before * way
    return found


def _operated(values: NDArray[np.float64], links: tuple[Floats, Floats]) -> NDArray[np.float64]:
    """The screened Laplace operator."""
    across, down = links
    result = values / REACH**2
    step = across * (values[:, 1:] - values[:, :-1])
    result[:, :-1] -= step
    result[:, 1:] += step
    step = down * (values[1:] - values[:-1])
    result[:-1] -= step
    result[1:] += step
    return result
