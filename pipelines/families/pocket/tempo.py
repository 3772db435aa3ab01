"""How time passes in a clip that goes on for ever: out and back, in whole turns."""

from __future__ import annotations

import math


def there_and_again(share: float) -> float:
    """From 0 to 1 and back to 0 while the clip plays once, at rest at both ends."""
    return (1 - math.cos(2 * math.pi * share)) / 2


def whole_turns(rate: float, seconds: float) -> float:
    """The rate next to this one, in radians a second, that comes full circle in so many seconds."""
    turns = max(1, round(rate * seconds / (2 * math.pi)))
    return 2 * math.pi * turns / seconds


def whole_part(period: float, seconds: float) -> float:
    """The period next to this one that fits a whole number of times into so many seconds."""
    return seconds / max(1, round(seconds / period))
