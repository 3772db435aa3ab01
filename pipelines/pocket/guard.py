"""The guard: how far a motion may go, and how sharply its things may part, before the picture folds."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pipelines.pocket.framing import MAX_OVERSCAN, all_of, outside, shown_travel
from pipelines.pocket.layers import Floats
from pipelines.pocket.motion import NO_MOTION, LayeredMotion, Motion, Outlines
from pipelines.pocket.outlines import around

DETERMINANT_RANGE = (0.35, 2.5)
"""Of the Jacobian of `x -> x + d(x)`: below it a place is squeezed to a crease, above it smeared."""

GUARD_RANGE = (0.38, 2.4)
"""What the guard aims at, so that rounding and interpolation stay within `DETERMINANT_RANGE`."""

REFERENCE = 0.031
"""Travel in image widths per clip up to which all clips of a drawing have the same outlines: the default clip's. So
half the motion is the same motion half as far."""

STRAIGHT = 0.5
"""Share of the limit up to which the amplitude is the one that was asked for; from there it bends towards the limit."""

WIDENINGS = 12
"""Rounds in which outlines may give way before the widest are taken: from the sharpest to these in six."""

BISECTIONS = 9
"""Of the search for a limit: finds it within 1.4 %."""

PARTINGS = (1.0, 0.7, 0.45, 0.25)
"""Shares of the drawn parting of things from their backdrop that are tried in turn, once the widest outlines fold."""

MATCHINGS = 3
"""Rounds in which a motion's amplitude is matched to a wanted travel on screen: within a percent."""


def determinants(displacement: Floats) -> Floats:
    """Jacobian determinant of `x -> x + d(x)` between neighbours of `d [2, h, w]` in image widths, `[h-1, w-1]`."""
    per_width = displacement * displacement.shape[-1]
    dx, dy = np.diff(per_width, axis=2)[:, :-1], np.diff(per_width, axis=1)[:, :, :-1]
    result: Floats = (1 + dx[0]) * (1 + dy[1]) - dy[0] * dx[1]
    return result


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
    """The motion at a travel of about `wanted` image widths per clip, kept within bounds.

    The amplitude bends smoothly towards what the calmest version can bear, so what is shown rises with `wanted`
    everywhere; then the liveliest version is taken that can bear it, or `REFERENCE` if that is more.
    """
    calm = calmest(motion)
    most = limit(calm)
    amplitude = bent(wanted, most)
    judged = shown_travel(calm.scaled(max(amplitude, bent(REFERENCE, most))))
    shape = _liveliest(motion, judged) or calm
    return _matched(shape, shown_travel(calm.scaled(amplitude)))


def calmest(motion: LayeredMotion) -> Motion:
    """The version that bears the most, at unit travel."""
    calm = motion.parted(PARTINGS[-1])
    return calm.joined(calm.widest()).of_unit_travel()


def _matched(motion: Motion, shown: float) -> Motion:
    """A motion of any size, but of none, scaled so that as much of it is shown."""
    for _ in range(MATCHINGS):
        motion = motion.scaled(shown / max(shown_travel(motion), NO_MOTION))
    return motion


def bent(wanted: float, most: float) -> float:
    """The amplitude for a wish: the wish itself up to `STRAIGHT` of the limit, from there on rising towards it."""
    straight = STRAIGHT * most
    if wanted <= straight:
        return wanted
    rest = most - straight
    return straight + rest * (1 - math.exp((straight - wanted) / rest))


def _liveliest(motion: LayeredMotion, shown: float) -> Motion | None:
    """The first version that is sound when this much of it is shown; None where not even the calmest is.

    From the sharpest outlines to wider ones, then on to things that part less.
    """
    outlines = motion.outlines()
    for _ in range(WIDENINGS):
        version = motion.joined(outlines)
        unsound = _unsound_places(_matched(version, shown))
        if not unsound.any():
            return version
        outlines = _widened(outlines, unsound)
    calmer = (motion.parted(share).joined(motion.widest()) for share in PARTINGS)
    return next((version for version in calmer if within_bounds(_matched(version, shown))), None)


def _widened(outlines: Outlines, unsound: NDArray[np.bool_]) -> Outlines:
    """Outlines that give way around the places where something folds, as far as they reach there."""
    reach = max(float(outline.width[unsound].max()) for outline in outlines)
    where = around(unsound, reach)
    relief, subject = outlines
    return relief.widened(where), subject.widened(where)


def within_bounds(motion: Motion) -> bool:
    """Whether no watched frame folds, smears, or reaches further outside than the overscan can hide."""
    return not bool(_unsound_places(motion).any())


def _unsound_places(motion: Motion) -> NDArray[np.bool_]:
    """Where a watched frame folds or smears, bool `[h, w]`; everywhere, where it reaches too far outside."""
    fields = [motion.frame(index) for index in _watched(len(motion.profiles))]
    cut = all_of(outside(field) for field in fields).overscan
    if cut > MAX_OVERSCAN:
        return np.ones(fields[0].shape[-2:], np.bool_)
    unsound = np.any([_folds(field, cut) for field in fields], 0)
    return np.pad(unsound, ((0, 1), (0, 1)), mode="edge")


def _folds(field: Floats, cut: float) -> NDArray[np.bool_]:
    """Where a displacement squeezes or smears more than the guard allows, bool `[h - 1, w - 1]`."""
    determinant = determinants(field)
    return np.asarray((determinant * (1 - cut) ** 2 < GUARD_RANGE[0]) | (determinant > GUARD_RANGE[1]), np.bool_)


def _watched(last: int) -> list[int]:
    """Frames that the guard looks at: some along the clip and the last one."""
    return sorted({max(1, round(last * share)) for share in (0.25, 0.5, 0.75, 0.9, 1.0)})
