"""The course of a clip's camera: how far the move goes, and what is cut from the edges along it."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pipelines.families.pocket.amplitude import bent, eased, largest
from pipelines.families.pocket.camera import Matrix, Move, backward
from pipelines.families.pocket.cards import Deck
from pipelines.families.pocket.framing import EDGE_NAMES, MAX_OVERSCAN, Edges, outside, shown, widest
from pipelines.families.pocket.masks import Floats
from pipelines.families.pocket.tempo import there_and_again

KEYS = 7
"""Moments at which the edges are looked for; they change smoothly in between."""

LONGEST = 0.3
"""Image widths: no move is longer, whatever the picture could bear."""

SHORTEST, SHORTER = 1e-3, 0.85
"""Image widths below which every move is borne, and the share that is left of one that is not."""

MOST_BARED = 0.035
"""Image widths of what was hidden that a move may show at one place: a wider strip would be a guess too large."""


class Way(Protocol):
    """Where a camera goes. `told` is a sentence where that is less than was asked, or empty."""

    @property
    def told(self) -> str: ...

    def through(self, plane: Matrix, share: float) -> Matrix:
        """The homography `[3, 3]` from places of the frame to those of a card on a plane, both in image widths from the
        middle, at a share of the clip's time."""
        ...

    def moved(self, share: float) -> float:
        """Image widths that the picture has moved by, about: 0 where it is as in the still."""
        ...


@dataclass(frozen=True, eq=False)
class Course:
    """A move through a deck, and what is cut from the edges at the `far` end of it; a `Way`. It `loops` or not."""

    move: Move
    far: Edges
    ratio: float
    loops: bool = False
    told: str = ""

    def at(self, share: float) -> tuple[float, Edges]:
        """How far the move is, and what is cut, at a share of the clip's time."""
        way = there_and_again(share) if self.loops else eased(share)
        return way, Edges(*(getattr(self.far, name) * way for name in EDGE_NAMES))

    def through(self, plane: Matrix, share: float) -> Matrix:
        """From the frame to a card, in image widths."""
        way, edges = self.at(share)
        return np.asarray(np.linalg.inv(self.move.seen(plane, way)) @ cut(edges, self.ratio), np.float64)

    def moved(self, share: float) -> float:
        """Image widths that the picture has moved by, about."""
        return self.move.length * self.at(share)[0]


def cut(edges: Edges, ratio: float) -> Matrix:
    """From the frame to the window that is left of it, in image widths; `ratio` is its height over its width."""
    left, top, size = edges.window()
    return np.array([[size, 0, left + size / 2 - 0.5], [0, size, (top + size / 2 - 0.5) * ratio], [0, 0, 1]])


TIMES = np.linspace(0, 1, KEYS)


def course_of(deck: Deck, move: Move, wanted: float, jitter: float = 0.0, loops: bool = False) -> Course:
    """The move, so long that the picture is displaced by about `wanted` image widths on screen in the mean.

    What the picture cannot bear is bent towards what it can. `jitter` image widths are cut for what moves by itself.
    """
    ratio = deck.labels.shape[0] / deck.labels.shape[1]
    if move.name == "hold":
        return Course(move.of_length(0), _edges(deck, move.of_length(0), jitter, loops), ratio, loops)
    most = largest(lambda length: _is_borne(deck, move.of_length(length), jitter), LONGEST)
    goal = bent(wanted, _travel(deck, move.of_length(most), jitter))
    length = largest(lambda length: _travel(deck, move.of_length(length), jitter) <= goal, most)
    # what a move bares does not always grow with it: a part may come out from behind another halfway
    while length > SHORTEST and not _is_borne(deck, move.of_length(length), jitter):
        length *= SHORTER
    fitted = move.of_length(length)
    return Course(fitted, _edges(deck, fitted, jitter, loops), ratio, loops)


def _is_borne(deck: Deck, move: Move, jitter: float) -> bool:
    return bared(deck, _at_its_end(deck, move)) <= MOST_BARED and _edges(deck, move, jitter).overscan <= MAX_OVERSCAN


def bared(deck: Deck, field: Floats) -> float:
    """Image widths by which neighbouring cards part at most, where places come from `field` away."""
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
    field = _at_its_end(deck, move)
    return float(np.hypot(*shown(field, _with(outside(field), jitter))).mean())


def _at_its_end(deck: Deck, move: Move) -> Floats:
    return backward(deck, lambda plane: move.seen(plane, 1.0))


def _edges(deck: Deck, move: Move, jitter: float, loops: bool = False) -> Edges:
    """At the far end. What is cut grows like the move itself: a clip begins from rest and comes to rest."""
    ways = [float(there_and_again(time) if loops else eased(time)) for time in map(float, TIMES[1:])]
    fields = (backward(deck, functools.partial(move.seen, share=way)) for way in ways)
    return widest([_with(outside(field), jitter * way) for field, way in zip(fields, ways, strict=True)], ways)


def _with(edges: Edges, jitter: float) -> Edges:
    return Edges(*(getattr(edges, name) + jitter for name in EDGE_NAMES))
