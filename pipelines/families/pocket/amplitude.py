"""How far things move: the one formula between the motion control and a displacement, and how it bends to a limit."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

SPEED_AT_127 = 0.0088
"""Image widths per second at the default bucket: the last frame of a clip of 25 is displaced by 3 % of its width.

At twice that, the default comes so near to what a still can bear that the upper half of the control does nothing.
"""

STEEPNESS = 1.5
"""Above 1, so that the low end of the slider, where the eye is most sensitive, has the finer steps."""

STRAIGHT = 0.5
"""Share of a limit up to which what was asked for is what comes; from there it bends towards the limit."""


def eased(share: Any) -> Any:
    """From rest to rest, of a number or an array in [0, 1]: 3 s^2 - 2 s^3."""
    return share * share * (3 - 2 * share)


def speed(motion_bucket_id: float) -> float:
    """Mean displacement in image widths per second; rises with the bucket."""
    return float(SPEED_AT_127 * (motion_bucket_id / 127) ** STEEPNESS)


def bent(wanted: float, most: float) -> float:
    """`wanted` where it is well below `most`; above half of it, ever nearer to it, and always rising."""
    straight = STRAIGHT * most
    if wanted <= straight or most <= 0:
        return min(wanted, most)
    rest = most - straight
    return straight + rest * (1 - math.exp((straight - wanted) / rest))


def largest(is_fine: Callable[[float], bool], most: float) -> float:
    """The largest length up to `most` that is fine, within 2 %; a length that is fine has only fine ones below it."""
    if is_fine(most):
        return most
    low, high = most / 4096, most
    for _ in range(BISECTIONS):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if is_fine(middle) else (low, middle)
    return low


BISECTIONS = 9
