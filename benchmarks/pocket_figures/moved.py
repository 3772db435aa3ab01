"""How far each place of a picture is moved by the camera, as the cards have it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.families.pocket.cards import Deck, grid
from pipelines.families.pocket.course import Course, Way

Floats = NDArray[np.float64]


def top_cards(deck: Deck, columns: int) -> NDArray[np.int64]:
    """Which card is on top at each place of a grid of so many columns."""
    height, width = deck.cards[0].alpha.shape
    size = (columns, round(columns * height / width))
    top = np.zeros((size[1], size[0]), np.int64)
    for card in deck.cards:
        top[cv2.resize(card.alpha, size, interpolation=cv2.INTER_AREA) > 127] = card.label
    return top


def forward(deck: Deck, course: Way, columns: int) -> Floats:
    """Where each place goes by the end of a clip, less where it is, `[2, h, columns]` in image widths."""
    assert isinstance(course, Course), "nothing was said of the camera"  # noqa: S101
    top = top_cards(deck, columns)
    x, y = grid(top.shape)
    places = np.stack([x, y, np.ones_like(x)], -1).astype(np.float64)
    found = np.zeros((*top.shape, 2))
    for card in deck.cards:
        seen = places @ course.move.seen(card.plane, 1.0).T
        here = top == card.label
        found[here] = (seen[..., :2] / seen[..., 2:] - places[..., :2])[here]
    return found.transpose(2, 0, 1)
