"""What is cut away from the still so that nothing from outside it is ever shown, and how far a clip moves as shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.families.pocket.masks import Floats

MAX_OVERSCAN = 0.16
"""Share of the width and height that may be cut away to hide what lies outside the still: 8 % at each edge, or all of
it at the edge that a pan leaves behind."""


@dataclass(frozen=True)
class Edges:
    """Shares of the width (left, right) and height (top, bottom) that lie outside or are cut away."""

    left: float
    right: float
    top: float
    bottom: float

    @property
    def overscan(self) -> float:
        """The share of the width and of the height that a window of the still's own shape gives up."""
        return max(self.left + self.right, self.top + self.bottom)

    def window(self) -> tuple[float, float, float]:
        """Left, top and size of that window as shares of the still, as near to the middle as the edges allow."""
        left = self.left + (self.overscan - self.left - self.right) / 2
        top = self.top + (self.overscan - self.top - self.bottom) / 2
        return left, top, 1 - self.overscan


def outside(displacement: Floats) -> Edges:
    """The shares to cut from each edge so that no pixel of `d [2, h, w]` comes from outside the still."""
    _, rows, columns = displacement.shape
    across, down = displacement[0], displacement[1] * (columns / rows)
    sides = (across.min(0), -across[:, ::-1].max(0), down.min(1), -down[::-1].max(1))
    return Edges(*(_first_inside(side) for side in sides))


def _first_inside(inward: Floats) -> float:
    """How far from an edge sources begin to lie inside; `inward [n]` is how far pixels are displaced inwards."""
    places = np.concatenate([[0.0], (np.arange(len(inward)) + 0.5) / len(inward)])
    sources = places + np.concatenate([inward[:1], inward])
    outside = np.flatnonzero(sources[: len(sources) // 2] < 0)
    if len(outside) == 0:
        return 0.0
    last = int(outside[-1])
    rise = sources[last + 1] - sources[last]
    return float(places[last] - sources[last] / rise * (places[last + 1] - places[last]))


def framing(needed: Sequence[Edges]) -> list[Edges]:
    """What is cut from each edge at each moment, nothing at the first one; grows smoothly and hides all."""
    paths = zip(*(_concave_path([getattr(e, side) for e in needed]) for side in EDGE_NAMES), strict=True)
    return [Edges(*cuts) for cuts in paths]


def widest(needed: Sequence[Edges], ways: Sequence[float]) -> Edges:
    """What is cut at the far end of a way out and back, so that a share of it as large as the way is always enough."""
    pairs = list(zip(needed, ways, strict=True))
    return Edges(*(max(getattr(each, name) / way for each, way in pairs if way > LEAST_WAY) for name in EDGE_NAMES))


LEAST_WAY = 0.1
"""Share of a way below which what is missing at an edge is less than a pixel or two: it is mirrored there."""


EDGE_NAMES = ("left", "right", "top", "bottom")


def _concave_path(needed: list[float]) -> list[float]:
    """The least concave path from 0 that stays at or above every value."""
    path = [0.0]
    for index in range(1, len(needed)):
        steepest = max((needed[later] - path[-1]) / (later - index + 1) for later in range(index, len(needed)))
        path.append(path[-1] + max(0.0, steepest))
    return path


def shown(field: Floats, cuts: Edges) -> Floats:
    """The displacement `[2, h, w]` of a frame from the still as it is shown, in image widths."""
    _, rows, columns = field.shape
    left, top, size = cuts.window()
    across = (np.arange(columns, dtype=np.float32) + 0.5) / columns
    down = (np.arange(rows, dtype=np.float32)[:, None] + 0.5) / rows
    return np.stack([field[0] + left - (1 - size) * across, field[1] + (top - (1 - size) * down) * rows / columns])
