"""What happens next in a picture: where it flows, drifts, ripples, sways, breathes and flickers, and which way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

ACTS = ("flow", "drift", "ripple", "sway", "breathe", "flicker")
"""What a place can do by itself; the first two go somewhere."""

DIRECTED = ACTS[:2]

CHANNELS = 2 * len(DIRECTED) + len(ACTS) - len(DIRECTED)
"""Of what is drawn: x and y of what goes somewhere, then how strongly each place does the rest."""

USUAL = 5.0
"""The strength in the labels that counts as 1."""


@dataclass(frozen=True, eq=False)
class Happening:
    """Fields float32 `[CHANNELS, h, w]` over the whole picture, each of a length of 1 where it is as usual."""

    fields: Floats

    def velocity(self, act: str) -> Floats:
        """Where `flow` or `drift` goes, `[2, h, w]`, x to the right and y down."""
        first = 2 * DIRECTED.index(act)
        return self.fields[first : first + 2]

    def strength(self, act: str) -> Floats:
        """How strongly each place does one of the others, `[h, w]`, never below 0."""
        index = 2 * len(DIRECTED) + ACTS.index(act) - len(DIRECTED)
        return np.asarray(np.maximum(self.fields[index], 0), np.float32)
