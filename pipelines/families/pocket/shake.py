"""A camera in a hand: a few slow and quick sways on top of whatever way it goes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.families.pocket.amplitude import eased
from pipelines.families.pocket.camera import Matrix
from pipelines.families.pocket.course import Way
from pipelines.families.pocket.tempo import whole_turns

SWAYS = ((0.33, 1.0), (0.67, 0.5), (1.4, 0.33), (3.3, 0.12))
"""Turns a second, and how far as a share, of each sway."""

TRAVEL, ROLL = 0.005, math.radians(0.35)
"""Image widths and radians of the slowest sway of a full shake."""

FARTHEST = sum(share for _, share in SWAYS)
"""All sways at their farthest at once."""

BEGINS = 0.12
"""Share of the clip in which the shake begins: the first frame is the still."""

SEED_STREAM = 3
"""Beside the seed: see `pipelines.families.pocket.camera.CAMERA_STREAM`."""


@dataclass(frozen=True, eq=False)
class Shaken:
    """A way seen from a hand; a `Way`. `phases [3, 4]` of x, y and roll; `strength` 0 to 1, `least_side` the
    shorter side in image widths."""

    way: Way
    strength: float
    seconds: float
    loops: bool
    least_side: float
    phases: NDArray[np.float64]

    @property
    def told(self) -> str:
        """As of the way itself."""
        return self.way.told

    def through(self, plane: NDArray[np.float64], share: float) -> Matrix:
        """See `pipelines.families.pocket.course.Way`."""
        return np.asarray(self.way.through(plane, share) @ self._window(share), np.float64)

    def moved(self, share: float) -> float:
        """See `pipelines.families.pocket.course.Way`."""
        return self.way.moved(share) + self._grown(share) * self.strength * TRAVEL

    def _window(self, share: float) -> Matrix:
        """The part of the frame that is shown: so much smaller that no sway shows what is outside."""
        grown = self._grown(share) * self.strength
        x, y, roll = (grown * size * self._sway(axis, share) for axis, size in enumerate((TRAVEL, TRAVEL, ROLL)))
        size = 1 - 2 * grown * FARTHEST * (TRAVEL + ROLL / 2) / self.least_side
        sine, cosine = math.sin(roll) * size, math.cos(roll) * size
        return np.array([[cosine, -sine, x], [sine, cosine, y], [0, 0, 1]])

    def _sway(self, axis: int, share: float) -> float:
        time, total = share * self.seconds, 0.0
        for (turns, far), phase in zip(SWAYS, self.phases[axis], strict=True):
            rate = 2 * math.pi * turns
            total += far * math.sin((whole_turns(rate, self.seconds) if self.loops else rate) * time + phase)
        return total

    def _grown(self, share: float) -> float:
        left = min(share, 1 - share) if self.loops else share
        return float(eased(min(1.0, left / BEGINS)))


def shaken(way: Way, strength: float, how: tuple[int, float], loops: bool, ratio: float) -> Way:
    """The way as a hand goes it; `how` is the seed and the clip's seconds, `ratio` the picture's height over width."""
    seed, seconds = how
    phases = np.random.default_rng([seed, SEED_STREAM]).uniform(0, 2 * math.pi, (3, len(SWAYS)))
    return Shaken(way, strength, seconds, loops, min(1.0, ratio), phases) if strength else way
