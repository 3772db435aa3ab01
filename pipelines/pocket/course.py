"""The course of a clip's camera: how far the move goes, and what is cut from the edges along it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pipelines.pocket.amplitude import bent, eased, largest
from pipelines.pocket.camera import Move, backward
from pipelines.pocket.cards import Deck
from pipelines.pocket.framing import EDGE_NAMES, MAX_OVERSCAN, Edges, framing, outside, shown

KEYS = 6
"""Moments at which the edges are looked for; they change smoothly in between."""

LONGEST = 0.3
"""Image widths: no move is longer, whatever the picture could bear."""

SHORTEST, SHORTER = 1e-3, 0.85
"""Image widths below which every move is borne, and the share that is left of one that is not."""

MOST_BARED = 0.035
"""Image widths of what was hidden that a move may show at one place: a wider strip would be a guess too large."""

NOTHING_CUT = Edges(0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, eq=False)
class Course:
    """A move through a deck, and the edges at `KEYS` shares of the clip's time."""

    move: Move
    edges: tuple[Edges, ...]

    def at(self, share: float) -> tuple[float, Edges]:
        """How far the move is, and what is cut, at a share of the clip's time."""
        return eased(share), Edges(*(float(np.interp(share, TIMES, path)) for path in self._paths))

    @cached_property
    def _paths(self) -> list[list[float]]:
        return [[getattr(edges, name) for edges in self.edges] for name in EDGE_NAMES]


TIMES = np.linspace(0, 1, KEYS)


def course_of(deck: Deck, move: Move, wanted: float, jitter: float = 0.0) -> Course:
    """The move, so long that the picture is displaced by about `wanted` image widths on screen in the mean.

    What the picture cannot bear is bent towards what it can. `jitter` image widths are cut for what moves by itself.
    """
    if move.name == "hold":
        return Course(move.of_length(0), tuple(_edges(deck, move.of_length(0), jitter)))
    most = largest(lambda length: _is_borne(deck, move.of_length(length), jitter), LONGEST)
    goal = bent(wanted, _travel(deck, move.of_length(most), jitter))
    length = largest(lambda length: _travel(deck, move.of_length(length), jitter) <= goal, most)
    # what a move bares does not always grow with it: a part may come out from behind another halfway
    while length > SHORTEST and not _is_borne(deck, move.of_length(length), jitter):
        length *= SHORTER
    fitted = move.of_length(length)
    return Course(fitted, tuple(_edges(deck, fitted, jitter)))


def _is_borne(deck: Deck, move: Move, jitter: float) -> bool:
    return bared(deck, move) <= MOST_BARED and _edges(deck, move, jitter)[-1].overscan <= MAX_OVERSCAN


def bared(deck: Deck, move: Move) -> float:
    """Image widths by which neighbouring cards part at most at the end of a move."""
    field = backward(deck, move, 1.0)
    widest = 0.0
    for axis in (1, 2):
        one, other = (np.take(field, range(s, field.shape[axis] - 1 + s), axis) for s in (0, 1))
        labels = [np.take(deck.labels, range(s, deck.labels.shape[axis - 1] - 1 + s), axis - 1) for s in (0, 1)]
        # the sky goes on behind everything: what it bares is never missed
        meet = (labels[0] != labels[1]) & (np.minimum(*labels) > 0)
        if meet.any():
            widest = max(widest, float(np.percentile(np.hypot(*(one - other))[meet], 95)))
    return widest


def _travel(deck: Deck, move: Move, jitter: float) -> float:
    field = backward(deck, move, 1.0)
    return float(np.hypot(*shown(field, _with(outside(field), jitter))).mean())


def _edges(deck: Deck, move: Move, jitter: float) -> Sequence[Edges]:
    fields = (backward(deck, move, eased(float(time))) for time in TIMES[1:])
    needed = [
        _with(outside(field), jitter * min(1, 2 * float(time))) for field, time in zip(fields, TIMES[1:], strict=True)
    ]
    return framing([NOTHING_CUT, *needed])


def _with(edges: Edges, jitter: float) -> Edges:
    return Edges(*(getattr(edges, name) + jitter for name in EDGE_NAMES))
