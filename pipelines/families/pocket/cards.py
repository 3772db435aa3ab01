"""A picture as flat cards in space: each has a part of the picture, and a plane on which it lies.

A plane's nearness is linear in the picture, `n = a x + b y + c`, so a card under a moving camera is a homography: what
is straight stays straight, and nothing on a card is rubber. x and y are in image widths from the middle of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.eyes.seen import Sight
from pipelines.families.pocket.amplitude import eased
from pipelines.families.pocket.behind import painted
from pipelines.families.pocket.masks import Floats, Mask, Parts, parts_of
from pipelines.families.pocket.places import along
from pipelines.families.pocket.tempo import there_and_again

COLUMNS = 96
"""At which planes are fitted and edges looked for."""

SOFTNESS = 0.5
"""Power of the nearness in metres: true distances would show nothing but the nearest thing move."""

FRONTO, CONTINUOUS = 0.3, 3.0
"""Weights of the fit: how much what stands faces the camera, and how much neighbours agree where they touch."""

LEAST_NEARNESS = 0.02
"""Of the nearest: what is on the ground is never behind the sky."""

FEATHER = 0.8
"""Pixels of blur of a card's edge."""

SKY_RIM = 4
"""Pixels of the sky beside what stands before it that are painted anew."""

MELTING = 0.03
"""Image widths over which parts melt into one another where the picture shows no outline between them."""


@dataclass(frozen=True, eq=False)
class Card:
    """`rgb` uint8 `[H, W, 3]`, painted on beyond its part; `alpha` uint8 `[H, W]`; `plane` float64 `[3]`: a, b, c.

    The nearness of the nearest place of the picture is 1, that of the sky 0. `label` counts the cards from behind.
    What has a `trail` goes along it on top of what the camera does.
    """

    rgb: NDArray[np.uint8]
    alpha: NDArray[np.uint8]
    plane: NDArray[np.float64]
    label: int
    trail: Trail | None = None


@dataclass(frozen=True, eq=False)
class Trail:
    """Where a card goes by itself: `places [n, 2]` in image widths from where it is; back again in what `loops`."""

    places: NDArray[np.float64]
    loops: bool

    def at(self, share: float) -> NDArray[np.float64]:
        """How far it is, (x, y), at a share of the clip's time, from rest to rest."""
        way = there_and_again(share) if self.loops else eased(share)
        gone = along(self.places)
        return np.array([np.interp(way * gone[-1], gone, each) for each in self.places.T])


@dataclass(frozen=True, eq=False)
class Deck:
    """The cards of a picture from behind, and on a grid of `COLUMNS` which card is on top and how near it is there.

    With a `sky`, that is the first card.
    """

    cards: tuple[Card, ...]
    labels: NDArray[np.int64]
    nearness: Floats
    subject: Mask | None
    sky: Mask | None


def deck_of(rgb: NDArray[np.uint8], sight: Sight) -> Deck:
    """The cards of a still uint8 `[H, W, 3]`."""
    parts = parts_of(rgb, sight)
    masks = [mask for mask in (parts.sky, parts.ground, *parts.standing, parts.subject) if mask is not None]
    masks = [mask for mask in masks if mask.any()]
    labels = _labels(masks)
    planes = _planes(masks, parts, labels, sight)
    cards = []
    for label, (mask, plane) in enumerate(zip(masks, planes, strict=True)):
        outlined = _outlined(mask, parts.edges)
        alpha = np.full(mask.shape, 255, np.uint8)
        if label > 0:
            alpha = _feathered(_going_on(mask, masks[label + 1 :]), outlined)
        cards.append(Card(_coloured(rgb, mask, parts, outlined), alpha, plane, label))
    x, y = grid(labels.shape)
    top = np.stack(planes)[labels]
    nearness = np.asarray(top[..., 0] * x + top[..., 1] * y + top[..., 2], np.float32)
    return Deck(tuple(cards), labels, nearness, parts.subject, parts.sky)


def held(rgb: NDArray[np.uint8], deck: Deck) -> Deck:
    """The picture for a camera that does not move: one card, as near as it was.

    A sky stays a card of its own: clouds drift behind what stands before them, and take nothing of its edge along.
    """
    if deck.sky is None:
        whole = Card(rgb, np.full(rgb.shape[:2], 255, np.uint8), np.zeros(3), 0)
        return Deck((whole,), np.zeros_like(deck.labels), deck.nearness, deck.subject, None)
    alpha = cv2.GaussianBlur(np.where(deck.sky, np.uint8(0), np.uint8(255)), (0, 0), FEATHER)
    before = Card(rgb, np.asarray(alpha, np.uint8), np.zeros(3), 1)
    return Deck((deck.cards[0], before), np.minimum(deck.labels, 1), deck.nearness, deck.subject, deck.sky)


def grid(shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    """x and y of the places of a grid over the whole picture, each `[h, w]`."""
    rows, columns = shape[0], shape[1]
    x = (np.arange(columns, dtype=np.float32) + np.float32(0.5)) / columns - np.float32(0.5)
    y = ((np.arange(rows, dtype=np.float32) + np.float32(0.5)) / rows - np.float32(0.5)) * np.float32(rows / columns)
    return np.broadcast_to(x, (rows, columns)), np.broadcast_to(y[:, None], (rows, columns))


def _labels(masks: list[Mask]) -> NDArray[np.int64]:
    """Which card is on top at each place of the grid."""
    height, width = masks[0].shape
    size = (COLUMNS, max(2, round(COLUMNS * height / width)))
    shares = [cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) for mask in masks]
    return np.argmax(np.stack(shares), 0)


def _going_on(mask: Mask, before: list[Mask]) -> Mask:
    """A part, and how far it goes on behind those before it: nothing farther shows where they part."""
    if not before:
        return mask
    reach = round(BEHIND * mask.shape[1] / SMALLER)
    small = cv2.resize(mask.astype(np.uint8), None, fx=1 / SMALLER, fy=1 / SMALLER, interpolation=cv2.INTER_AREA)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    wide = cv2.resize(cv2.dilate(small, disc), mask.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    return np.asarray(mask | (wide & np.any(before, 0)), np.bool_)


BEHIND, SMALLER = 0.05, 4
"""Image widths that a card goes on behind others, more than they ever part; looked for in a picture so much smaller."""


def _feathered(mask: Mask, outlined: Floats) -> NDArray[np.uint8]:
    """A sharp edge where the picture shows an outline, elsewhere one that melts away."""
    flat = mask.astype(np.float32) * 255
    sharp = cv2.GaussianBlur(flat, (0, 0), FEATHER)
    wide = cv2.GaussianBlur(_smaller(flat), (0, 0), MELTING * mask.shape[1] / SMALLER / 2)
    wide = cv2.resize(wide, mask.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(wide + (sharp - wide) * outlined, np.uint8)


def _coloured(rgb: NDArray[np.uint8], mask: Mask, parts: Parts, outlined: Floats) -> NDArray[np.uint8]:
    """The picture as this part goes on; beyond a border that is no outline it is the picture, into which it melts."""
    melting = 1 - outlined
    if parts.sky is mask:
        # a sky is smooth: no crumb of what stands before it may stay in it
        own, melting = painted(rgb, mask, ~mask, SKY_RIM), np.where(mask, melting, np.float32(0))
    else:
        own = painted(rgb, mask, None if parts.subject is mask else parts.subject)
        melting = np.where(mask, np.float32(0), melting)
    return np.asarray(own + (rgb.astype(np.float32) - own) * melting[..., None], np.uint8)


def _outlined(mask: Mask, edges: Mask) -> Floats:
    """How surely the part's border nearest to each place is an outline of the picture, float32 `[H, W]` in [0, 1]."""
    inside, steep = _smaller(mask.astype(np.float32)) > 0.5, _smaller(edges.astype(np.float32))
    border = inside & ~(cv2.erode(inside.astype(np.uint8), np.ones((3, 3))) > 0)
    if not border.any():
        return np.ones(mask.shape, np.float32)
    along = max(1.0, MELTING * mask.shape[1] / SMALLER / 2)
    weight = cv2.GaussianBlur(border.astype(np.float32), (0, 0), along)
    share = cv2.GaussianBlur(border * steep, (0, 0), along) / np.maximum(weight, 1e-6)
    sure = np.clip((share - UNSURE_EDGE) / (SURE_EDGE - UNSURE_EDGE), 0, 1).astype(np.float32)
    _, nearest = cv2.distanceTransformWithLabels(
        (~border).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    of_label = np.zeros(int(nearest.max()) + 1, np.float32)
    of_label[nearest[border]] = sure[border]
    spread = cv2.GaussianBlur(of_label[nearest], (0, 0), 1.5)
    return np.asarray(cv2.resize(spread, mask.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


UNSURE_EDGE, SURE_EDGE = 0.25, 0.6
"""Shares of a stretch of border that must be edges of the picture for it to be no outline, and a sure one."""


def _smaller(values: Floats) -> Floats:
    size = (max(2, values.shape[1] // SMALLER), max(2, values.shape[0] // SMALLER))
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)


def _planes(masks: list[Mask], parts: Parts, labels: NDArray[np.int64], sight: Sight) -> list[NDArray[np.float64]]:
    """The plane of each card: what the eyes say of its distance, with neighbours that touch meeting where they do."""
    size = (labels.shape[1], labels.shape[0])
    nearness = np.asarray(cv2.resize(sight.nearness, size, interpolation=cv2.INTER_AREA), np.float64) ** SOFTNESS
    nearness /= max(float(np.percentile(nearness, 99)), 1e-6)
    nearness = np.clip(nearness, 0, 1)
    x, y = grid(labels.shape)
    places = np.stack([x, y, np.ones_like(x)], -1).astype(np.float64)
    rows, values = [], []
    count = len(masks)
    is_flat = [parts.sky is not None and label == 0 for label in range(count)]
    for label in range(count):
        here = labels == label
        number = max(int(here.sum()), 1)
        weight = np.sqrt(1 / number)
        wanted = np.zeros(number) if is_flat[label] else nearness[here]
        rows.append(_in_place(places[here] * weight, label, count))
        values.append(wanted[: int(here.sum())] * weight)
        # what stands faces the camera; what lies recedes, and tilts to neither side
        facing = np.diag([FRONTO, 0.0 if masks[label] is parts.ground else FRONTO, 0.0])[:2]
        rows.append(_in_place(facing, label, count))
        values.append(np.zeros(2))
    for first, second in _neighbours(labels, is_flat):
        touching = _touching(labels, first, second, nearness)
        if len(touching):
            weight = CONTINUOUS / np.sqrt(len(touching) * count)
            here = places[touching[:, 0], touching[:, 1]] * weight
            rows.append(_in_place(here, first, count) - _in_place(here, second, count))
            values.append(np.zeros(len(touching)))
    solved = np.linalg.lstsq(np.concatenate(rows), np.concatenate(values), rcond=None)[0].reshape(count, 3)
    return [_above_nothing(plane, places[labels == label], is_flat[label]) for label, plane in enumerate(solved)]


def _in_place(columns: NDArray[np.float64], label: int, count: int) -> NDArray[np.float64]:
    wide = np.zeros((len(columns), 3 * count))
    wide[:, 3 * label : 3 * label + 3] = columns
    return wide


def _neighbours(labels: NDArray[np.int64], is_flat: list[bool]) -> list[tuple[int, int]]:
    """Pairs of cards, the sky aside."""
    solid = [label for label in np.unique(labels) if not is_flat[label]]
    return [(int(a), int(b)) for i, a in enumerate(solid) for b in solid[i + 1 :]]


def _touching(labels: NDArray[np.int64], first: int, second: int, nearness: NDArray[np.float64]) -> NDArray[np.int64]:
    """Places `[n, 2]` of the second card, next to the first one, where the distance hardly jumps between them."""
    found = []
    for axis in (0, 1):
        one, other = (np.take(labels, range(s, labels.shape[axis] - 1 + s), axis) for s in (0, 1))
        near, next_ = (np.take(nearness, range(s, labels.shape[axis] - 1 + s), axis) for s in (0, 1))
        meet = ((one == first) & (other == second)) | ((one == second) & (other == first))
        # a foot stands on the ground: what lies below meets it there
        found.append(np.argwhere(meet & (np.abs(near - next_) < SMALL_JUMP)))
    return np.concatenate(found)


SMALL_JUMP = 0.06
"""Of the nearness of the nearest, between two places of the grid: less is one surface."""


def _above_nothing(plane: NDArray[np.float64], places: NDArray[np.float64], is_sky: bool) -> NDArray[np.float64]:
    """The plane, less tilted where it would pass the horizon within its part."""
    if is_sky or not len(places):
        return np.zeros(3)
    found = places @ plane
    middle, least = float(np.median(found)), float(found.min())
    if least >= LEAST_NEARNESS:
        return plane
    middle = max(middle, LEAST_NEARNESS)
    share = (middle - LEAST_NEARNESS) / max(middle - least, 1e-6)
    flat, tilted = np.array([0.0, 0.0, middle]), plane + np.array([0.0, 0.0, middle - float(np.median(found))])
    return np.asarray(flat + (tilted - flat) * min(1.0, share), np.float64)
