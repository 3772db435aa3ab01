"""From drawn layers to the displacement of every pixel: their outlines, the fold guard, the overscan.

A clip's motion is `d(tau) = tau * sum_k profile_k(tau) * component_k`, here in image widths, the same unit in x and y.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.pocket.layers import Floats, compose

FIELD_WIDTH = 256
"""Columns at which layers are joined and judged; pixels between them are interpolated."""

DETERMINANT_RANGE = (0.35, 2.5)
"""Of the Jacobian of `x -> x + d(x)`: below it a place is squeezed to a crease, above it smeared."""

GUARD_RANGE = (0.38, 2.4)
"""What the guard aims at, so that rounding and interpolation stay within `DETERMINANT_RANGE`."""

MAX_OVERSCAN = 0.16
"""Share of the width and height that may be cut away to hide what lies outside the still: 8 % at each edge, or all of
it at the edge that a pan leaves behind."""

SOFTNESS = (0.012, 0.02, 0.03, 0.045, 0.07, 0.11)
"""Widths of the outlines between layers, in image widths, that the guard tries, sharpest first.

The wider an outline, the more the surroundings of a subject give way like rubber where it passes over them.
"""

KNEE = 3.0
"""How late the amplitude bends towards its limit: at half the limit it is 4 % short, at the limit 21 %."""

BISECTIONS = 9
"""Of the search for a limit: finds it within 1.4 %."""


@dataclass(frozen=True)
class Motion:
    """`components [K, 2, h, w]` in image widths and `profiles [F - 1, K]`, already multiplied by `tau`."""

    components: Floats
    profiles: Floats

    def frame(self, index: int) -> Floats:
        """The displacement of frame `index >= 1`, `[2, h, w]` in image widths."""
        field: Floats = np.tensordot(self.profiles[index - 1], self.components, 1).astype(np.float32)
        return field

    def scaled(self, factor: float) -> Motion:
        """The same motion, `factor` as far."""
        return Motion(self.components * np.float32(factor), self.profiles)

    def rms(self) -> float:
        """RMS over cells and moments of the average velocity, in image widths per clip."""
        tau = np.arange(1, len(self.profiles) + 1, dtype=np.float32)[:, None] / len(self.profiles)
        rates = np.tensordot(self.profiles / tau, self.components, 1)
        return float(np.sqrt(np.square(rates).sum(1).mean()))

    def of_unit_rms(self) -> Motion:
        """The same motion at an RMS of one image width per clip; one that does not move is not blown up."""
        return self.scaled(1 / max(self.rms(), NO_MOTION))


NO_MOTION = 1e-6
"""RMS in image widths that counts as standing still: a thousandth of a pixel at 1024."""


@dataclass(frozen=True)
class LayeredMotion:
    """Layers `[3, K, 2, h, w]` in image widths, masks `[h, w]` in [0, 1], and profiles as in `Motion`."""

    layers: Floats
    relief: Floats
    subject: Floats
    profiles: Floats

    def joined(self, softness: float) -> Motion:
        """The layers joined at outlines of this softness in image widths.

        Outlines are moved outwards first, so that a subject, or a tower before the sky, stays whole.
        """
        subject = _softened(self.subject, softness)
        relief = _softened(self.relief, max(softness, SHARPEST_SKYLINE))
        return Motion(compose(self.layers, relief, subject), self.profiles)


SHARPEST_SKYLINE = 0.03
"""Image widths. The sky has nothing to bend, so it may as well give way gently."""


def _softened(mask: Floats, softness: float) -> Floats:
    sigma = softness * mask.shape[1]
    reach = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(sigma) + 1,) * 2)
    return np.asarray(cv2.GaussianBlur(cv2.dilate(mask, reach), (0, 0), sigma), np.float32)


def determinants(displacement: Floats) -> Floats:
    """Jacobian determinant of `x -> x + d(x)` between neighbours of `d [2, h, w]` in image widths, `[h-1, w-1]`."""
    per_width = displacement * displacement.shape[-1]
    dx, dy = np.diff(per_width, axis=2)[:, :-1], np.diff(per_width, axis=1)[:, :, :-1]
    result: Floats = (1 + dx[0]) * (1 + dy[1]) - dy[0] * dx[1]
    return result


def outside(displacement: Floats) -> Edges:
    """The shares to cut from each edge so that no pixel of `d [2, h, w]` comes from outside the still."""
    _, rows, columns = displacement.shape
    across, down = displacement[0], displacement[1] * (columns / rows)
    sides = (across.min(0), -across[:, ::-1].max(0), down.min(1), -down[::-1].max(1))
    return Edges(*(_first_inside(side) for side in sides))


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


def within_bounds(motion: Motion) -> bool:
    """Whether no watched frame folds, smears, or reaches further outside than the overscan can hide."""
    fields = [motion.frame(index) for index in _watched(len(motion.profiles))]
    cut = _all_of(outside(field) for field in fields).overscan
    return cut <= MAX_OVERSCAN and all(_is_sound(field, cut) for field in fields)


def _all_of(needed: Iterable[Edges]) -> Edges:
    """What is cut away by the last frame: the crop never lets go, so a clip that sways is cut at both edges."""
    return Edges(*np.max([[getattr(edges, side) for side in EDGE_NAMES] for edges in needed], 0))


def _is_sound(field: Floats, cut: float) -> bool:
    determinant = determinants(field)
    lowest = float(determinant.min()) * (1 - cut) ** 2
    return lowest >= GUARD_RANGE[0] and float(determinant.max()) <= GUARD_RANGE[1]


def _watched(last: int) -> list[int]:
    """Frames that the guard looks at: some along the clip and the last one."""
    return sorted({max(1, round(last * share)) for share in (0.25, 0.5, 0.75, 0.9, 1.0)})


def limit(motion: Motion) -> float:
    """The largest factor up to 1 by which the motion may be multiplied and stay within bounds."""
    if within_bounds(motion):
        return 1.0
    low, high = SMALLEST_FACTOR, 1.0
    for _ in range(BISECTIONS):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if within_bounds(motion.scaled(middle)) else (low, middle)
    return low


SMALLEST_FACTOR = 1e-3
"""Of a motion of one image width: a pixel at 1024. Nothing folds at that."""


def tame(motion: LayeredMotion, wanted: float) -> Motion:
    """The motion at an RMS of about `wanted` image widths per clip, kept within bounds.

    The amplitude bends smoothly towards what the softest outlines can bear, so it rises with `wanted` everywhere;
    then the sharpest outlines are chosen that can bear that amplitude.
    """
    softest = motion.joined(SOFTNESS[-1]).of_unit_rms()
    most = limit(softest)
    amplitude = wanted / (1 + (wanted / most) ** KNEE) ** (1 / KNEE)
    for softness in SOFTNESS[:-1]:
        version = motion.joined(softness).of_unit_rms().scaled(amplitude)
        if within_bounds(version):
            return version
    return softest.scaled(min(amplitude, most))


def framing(motion: Motion) -> list[Edges]:
    """What is cut from each edge at each frame, nothing at the first one; grows smoothly and hides all."""
    frames = range(1, len(motion.profiles) + 1)
    needed = [Edges(0, 0, 0, 0)] + [outside(motion.frame(index)) for index in frames]
    paths = zip(*(_concave_path([getattr(e, side) for e in needed]) for side in EDGE_NAMES), strict=True)
    return [Edges(*cuts) for cuts in paths]


EDGE_NAMES = ("left", "right", "top", "bottom")


def _concave_path(needed: list[float]) -> list[float]:
    """The least concave path from 0 that stays at or above every value."""
    path = [0.0]
    for index in range(1, len(needed)):
        steepest = max((needed[later] - path[-1]) / (later - index + 1) for later in range(index, len(needed)))
        path.append(path[-1] + max(0.0, steepest))
    return path
