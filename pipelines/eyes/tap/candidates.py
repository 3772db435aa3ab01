"""What a tap may mean, and what it most likely means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

AS_GOOD = 0.08
"""Trust that differs by less counts as the same: a person may have 0.91 where her face has 0.98."""

REACH = 0.02
"""Share of the longer side: a mask as near as that to a tap is of what was tapped."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """What a tap may mean: `mask` is bool `[H, W]`, `quality` the IoU with the thing meant that the network expects.

    `firmness` is the share of it that does not hang on a little more or less of certainty (see `firmness`).
    """

    mask: NDArray[np.bool_]
    quality: float
    firmness: float = 1.0

    @property
    def trust(self) -> float:
        """How likely it is a thing, 0 to 1: good by the network's own judgement, and not ragged."""
        return min(1.0, self.quality) * self.firmness

    @property
    def share(self) -> float:
        """Of the still, 0 to 1."""
        return float(self.mask.mean())

    def reaches(self, x: float, y: float) -> bool:
        """Whether a place in shares of the still is in it, or nearly so."""
        height, width = self.mask.shape
        around = max(1, round(REACH * max(height, width)))
        column, row = round(x * width), round(y * height)
        near = self.mask[max(0, row - around) : row + around + 1, max(0, column - around) : column + around + 1]
        return bool(near.any())


def chosen(candidates: Sequence[Candidate], again: int = 0) -> Candidate:
    """What is most likely meant, of candidates from small to large: the best, and of several as good the largest.

    Whoever taps the same place `again` wants the next larger one, and after the largest the smallest.
    """
    best = max(each.trust for each in candidates)
    index = max(place for place, each in enumerate(candidates) if each.trust > best - AS_GOOD)
    return candidates[(index + again) % len(candidates)]


def firmness(logits: NDArray[np.float32]) -> float:
    """Of a mask's logits: IoU of what is in it by far and what is in it just so (Segment Anything's stability)."""
    return float((logits > BY_FAR).sum() / max(1, (logits > -BY_FAR).sum()))


BY_FAR = 1.0
"""Logits."""
