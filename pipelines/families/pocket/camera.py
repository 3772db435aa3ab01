"""Camera moves over cards: which homography each card is seen through, at any share of the move.

A pinhole camera one image width before the picture. Travel by (tx, ty, tz) brings a place of nearness n from (x, y) to
`(x - n tx, y - n ty) / (1 - n tz)`; a plane of nearness `a x + b y + c` is seen through `I - t (a, b, c)^T`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipelines.families.pocket.cards import Deck, grid
from pipelines.families.pocket.masks import Floats

Matrix = NDArray[np.float64]

PRIOR: dict[str, float] = {
    **{"in": 0.30, "out": 0.01, "left": 0.12, "right": 0.12, "up": 0.13, "down": 0.02},
    **{"orbit-left": 0.10, "orbit-right": 0.10, "pan-left": 0.03, "pan-right": 0.03},
    **{"tilt-up": 0.03, "tilt-down": 0.01},
}
"""How often each move is drawn: after the labels of 507 photos, with left and right alike, as in a mirror, and more
travel than turns, which show no depth. A picture hardly tells which one suits it: that is taste."""

TRAVEL: dict[str, tuple[float, float, float]] = {
    **{"in": (0, 0, 1), "out": (0, 0, -1), "left": (-1, 0, 0), "right": (1, 0, 0), "up": (0, -1, 0), "down": (0, 1, 0)},
    **{"orbit-left": (-1, 0, 0.25), "orbit-right": (1, 0, 0.25)},
}
"""x to the right, y down, z into the picture."""

TURN: dict[str, tuple[float, float]] = {
    "pan-left": (1, 0), "pan-right": (-1, 0), "tilt-up": (0, 1), "tilt-down": (0, -1),
}  # fmt: skip
"""Where the picture goes when the camera turns."""

BACK: dict[str, str] = {
    there: back
    for one, other in (
        *(("in", "out"), ("left", "right"), ("up", "down"), ("orbit-left", "orbit-right")),
        *(("pan-left", "pan-right"), ("tilt-up", "tilt-down"), ("hold", "hold")),
    )
    for there, back in ((one, other), (other, one))
}
"""The move that undoes each."""

LOOK_BACK = 0.35
"""Share of a sideways move's shift of the aim that the camera turns back by: less of the picture leaves the frame."""


@dataclass(frozen=True)
class Move:
    """A camera move of a given `length` in image widths, aimed at a point (x, y) of a nearness."""

    name: str
    aim: tuple[float, float]
    nearness: float
    length: float = 1.0

    def of_length(self, length: float) -> Move:
        """The same, longer or shorter."""
        return replace(self, length=length)

    def seen(self, plane: Matrix, share: float) -> Matrix:
        """The homography `[3, 3]` through which a card is seen after a share of the move, in image widths."""
        way = self.length * share
        turn = np.array(TURN.get(self.name, (0, 0)), np.float64) * way
        if self.name not in TRAVEL:
            return shifted(turn)
        to_aim = shifted(-np.array(self.aim))
        # the plane as it is seen from the aim: travel into the picture goes towards it
        a, b, c = plane
        plane = np.array([a, b, c + a * self.aim[0] + b * self.aim[1]])
        travelled = np.eye(3) - np.outer(np.array(TRAVEL[self.name]) * way, plane)
        back = np.array(TRAVEL[self.name][:2]) * way * self.nearness * self._looking_back
        return shifted(np.array(self.aim) + back) @ travelled @ to_aim

    @property
    def _looking_back(self) -> float:
        return 1.0 if self.name.startswith("orbit") else LOOK_BACK


def shifted(by: NDArray[np.float64]) -> Matrix:
    """Everything moved alike."""
    shift = np.eye(3)
    shift[:2, 2] = by
    return shift


def drawn_move(camera: str, deck: Deck, aim: tuple[float, float], seed: int) -> Move:
    """The move of `move_name`, towards an `aim` in shares of the picture."""
    name = move_name(camera, seed)
    rows, columns = deck.labels.shape
    place = (aim[0] - 0.5, (aim[1] - 0.5) * rows / columns)
    return Move(name, place, max(nearness_at(deck, aim), LEAST_AIM))


def move_name(camera: str, seed: int) -> str:
    """The move that is asked for; for `auto` one that the seed draws."""
    if camera != "auto":
        return camera
    rng = np.random.default_rng([seed, CAMERA_STREAM])
    return str(rng.choice(list(PRIOR), p=np.array(list(PRIOR.values())) / sum(PRIOR.values())))


def nearness_at(deck: Deck, aim: tuple[float, float]) -> float:
    """Of the place of the picture that is next to an aim in shares of it."""
    counts = deck.nearness.shape[::-1]
    column, row = (min(max(int(share * count), 0), count - 1) for share, count in zip(aim, counts, strict=True))
    return float(deck.nearness[row, column])


CAMERA_STREAM = 1
"""Beside the seed, so that which move is drawn does not hang on what else is."""

LEAST_AIM = 0.1
"""Nearness of what an orbit goes around: around the horizon it would be a plain sideways move."""


def backward(deck: Deck, seen: Callable[[Matrix], Matrix]) -> Floats:
    """Where each place of the frame comes from, less where it is, `[2, h, w]` in image widths, on the deck's grid.

    `seen` is the homography through which a card is seen, by its plane.
    """
    x, y = grid(deck.labels.shape)
    here = np.stack([x, y, np.ones_like(x)], -1).astype(np.float64)
    rows, columns = deck.labels.shape
    found = np.zeros((*deck.labels.shape, 2))
    is_open = np.ones(deck.labels.shape, np.bool_)
    for card in reversed(deck.cards):
        source = here @ np.linalg.inv(seen(card.plane)).T
        source = source[..., :2] / source[..., 2:]
        across = np.clip(((source[..., 0] + 0.5) * columns).astype(int), 0, columns - 1)
        down = np.clip(((source[..., 1] * columns / rows + 0.5) * rows).astype(int), 0, rows - 1)
        mine = is_open & ((deck.labels[down, across] == card.label) | (card.label == 0))
        found[mine] = (source - here[..., :2])[mine]
        is_open &= ~mine
    return np.asarray(found.transpose(2, 0, 1), np.float32)
