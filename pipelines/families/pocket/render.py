"""Frames from cards: each seen through its homography, moved by what moves by itself, and laid over those behind."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.contract import RGB
from pipelines.families.pocket.ambient import Ambient
from pipelines.families.pocket.camera import shifted
from pipelines.families.pocket.cards import Card, Deck
from pipelines.families.pocket.course import Way
from pipelines.families.pocket.masks import Floats, Mask

SETTLED = 0.004
"""Image widths of travel within which the cards take over from the still."""

MARGIN = 8
"""Pixels around what a card covers that are drawn with it."""


@dataclass(frozen=True, eq=False)
class Renderer:
    """Draws the frames of a clip of a still uint8 `[H, W, 3]`."""

    still: RGB
    deck: Deck
    course: Way
    ambient: Ambient

    @property
    def told(self) -> str:
        """A sentence where the camera goes less far than was asked, or empty."""
        return self.course.told

    def frame(self, share: float) -> RGB:
        """The frame at a share of the clip's time, uint8 `[H, W, 3]`; at 0 it is the still itself."""
        if share == 0:
            return self.still.copy()
        seconds = share * self.ambient.seconds
        wobble = self.ambient.wobble(seconds)
        frame = np.empty_like(self.still)
        for layer in self._layers:
            layer.draw(frame, self._sources(self._through(layer.card, share)), (wobble, self.ambient, seconds))
        moved = self.course.moved(share)
        # a single card is the still itself: nothing of it is amiss
        return frame if moved >= SETTLED or len(self.deck.cards) == 1 else self._settling(frame, moved, share)

    def _through(self, card: Card, share: float) -> NDArray[np.float64]:
        """From the frame to a card, in image widths."""
        through = self.course.through(card.plane, share)
        return through if card.trail is None else shifted(-card.trail.at(share)) @ through

    def _settling(self, frame: RGB, moved: float, share: float) -> RGB:
        """Before the cards have moved apart: where their edges are not quite as in the still, it fades away."""
        weight = np.full((*frame.shape[:2], 1), 1 - moved / SETTLED, np.float32)
        for card, around in self._things:
            assert card.trail is not None, "a thing has one"  # noqa: S101
            gone = min(1.0, float(np.hypot(*card.trail.at(share))) / SETTLED)
            weight[around] *= np.float32(1 - gone)
        return np.asarray(np.clip(frame + self._amiss * weight, 0, 255) + np.float32(0.5), np.uint8)

    @cached_property
    def _things(self) -> list[tuple[Card, Mask]]:
        """What goes by itself, and where it was."""
        kernel = np.ones((MARGIN, MARGIN), np.uint8)
        return [(card, cv2.dilate(card.alpha, kernel) > 0) for card in self.deck.cards if card.trail is not None]

    @cached_property
    def _amiss(self) -> Floats:
        """What the still has more than the cards at rest."""
        frame = np.empty_like(self.still)
        nothing = (np.zeros((2, *self.ambient.ripple.shape), np.float32), self.ambient, 0.0)
        for layer in self._layers:
            layer.draw(frame, np.eye(3), nothing)
        return self.still.astype(np.float32) - frame

    def _sources(self, through: NDArray[np.float64]) -> NDArray[np.float64]:
        """The same from pixels to pixels."""
        height, width = self.still.shape[:2]
        to_widths = np.array([[1 / width, 0, 0.5 / width - 0.5], [0, 1 / width, (0.5 - height / 2) / width], [0, 0, 1]])
        return np.asarray(np.linalg.inv(to_widths) @ through @ to_widths)

    @cached_property
    def _layers(self) -> list[_Layer]:
        return [_layer_of(card, self.deck, self.ambient) for card in self.deck.cards]


@dataclass(frozen=True, eq=False)
class _Layer:
    """A card, and how much of what moves by itself is on it: `gate [h, w]` on the ambient's grid."""

    card: Card
    rgba: NDArray[np.uint8]
    gate: Floats
    moves: bool
    streams: bool
    shines: bool
    box: tuple[int, int, int, int]

    def draw(self, frame: RGB, sources: NDArray[np.float64], now: tuple[Floats, Ambient, float]) -> None:
        """Lay the card over a frame."""
        part = self._part(frame, sources)
        if part[0].start >= part[0].stop or part[1].start >= part[1].stop:
            return
        x, y = _mapped(sources, part)
        wobble, ambient, seconds = now
        may = _allowed(ambient, x, y) if self.moves or self.streams or self.shines else np.float32(1)
        if self.moves:
            moved = self._sampled(wobble, x, y, frame.shape[1]) * may
            x, y = x + moved[0], y + moved[1]
        colour, alpha = self._streamed(x, y, may, (ambient, seconds)) if self.streams else self._plain(x, y)
        if self.shines:
            gain = self._sampled(ambient.gain(seconds)[None] - 1, x, y, 1)[0] * may + 1
            colour = np.clip(colour * gain[..., None], 0, 255).astype(np.uint8)
        if self.card.label == 0:
            frame[part] = colour
            return
        weight = alpha.astype(np.float32) * np.float32(1 / 255)
        frame[part] = cv2.blendLinear(np.ascontiguousarray(frame[part]), colour, 1 - weight, weight)

    def _plain(self, x: Floats, y: Floats) -> tuple[RGB, NDArray[np.uint8]]:
        if self.card.label == 0:
            return _taken(self.card.rgb, x, y), self.card.alpha
        taken = _taken(self.rgba, x, y)
        return np.ascontiguousarray(taken[..., :3]), taken[..., 3]

    def _streamed(
        self, x: Floats, y: Floats, may: Allowed, now: tuple[Ambient, float]
    ) -> tuple[RGB, NDArray[np.uint8]]:
        """Both copies of what streams, cross-faded; the card itself does not stream."""
        ambient, seconds = now
        first, second, share = ambient.phase(seconds)
        along, down = self._sampled(ambient.stream, x, y, self.card.rgb.shape[1]) * may
        # clouds have nothing that a cubic would keep, and it takes four times as long
        how = cv2.INTER_LINEAR if self.card.label == 0 else cv2.INTER_CUBIC
        one, other = (
            _taken(self.card.rgb, x - np.float32(s) * along, y - np.float32(s) * down, how) for s in (first, second)
        )
        mixed = np.asarray(cv2.addWeighted(one, 1 - share, other, share, 0), np.uint8)
        if self.card.label == 0:
            return mixed, self.card.alpha
        return mixed, _taken(self.card.alpha, x, y, cv2.INTER_LINEAR)

    def _sampled(self, fields: Floats, x: Floats, y: Floats, width: int) -> Floats:
        """Fields `[n, h, w]` in image widths at pixels of the card, in units of `width`, by every fourth pixel."""
        scale = np.float32(self.gate.shape[1] / self.card.rgb.shape[1])
        size = (max(1, x.shape[1] // COARSE), max(1, x.shape[0] // COARSE))
        u, v = (cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (x, y))
        u, v = (u + 0.5) * scale - 0.5, (v + 0.5) * scale - 0.5
        edge = cv2.BORDER_REPLICATE
        found = [cv2.remap(field * self.gate, u, v, cv2.INTER_LINEAR, borderMode=edge) for field in fields]
        whole = (x.shape[1], x.shape[0])
        return np.stack([cv2.resize(each, whole, interpolation=cv2.INTER_LINEAR) for each in found]) * np.float32(width)

    def _part(self, frame: RGB, sources: NDArray[np.float64]) -> tuple[slice, slice]:
        """The part of the frame that the card may cover."""
        height, width = frame.shape[:2]
        if self.card.label == 0:
            return slice(0, height), slice(0, width)
        left, top, right, bottom = self.box
        corners = np.array([[left, top, 1], [right, top, 1], [left, bottom, 1], [right, bottom, 1]], np.float64)
        found = corners @ np.linalg.inv(sources).T
        found = found[:, :2] / found[:, 2:]
        low, high = np.floor(found.min(0)).astype(int) - MARGIN, np.ceil(found.max(0)).astype(int) + MARGIN
        # what touches the edge of the picture goes on beyond it
        low = np.where([left <= 0, top <= 0], 0, np.maximum(low, 0))
        high = np.where([right >= width, bottom >= height], [width, height], np.minimum(high, [width, height]))
        return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))


COARSE = 4
"""Pixels between two at which what moves by itself is looked up."""


def _layer_of(card: Card, deck: Deck, ambient: Ambient) -> _Layer:
    rows, columns = ambient.ripple.shape
    mine = cv2.resize((deck.labels == card.label).astype(np.float32), (columns, rows), interpolation=cv2.INTER_LINEAR)
    gate = np.asarray(cv2.GaussianBlur(cv2.dilate(mine, np.ones((5, 5))), (0, 0), 1.5), np.float32)
    on_it = gate > 0.5
    wobble = (ambient.ripple + ambient.sway + ambient.breath + np.hypot(*ambient.bend)) * on_it
    stream, width = np.hypot(*ambient.stream) * on_it, card.rgb.shape[1]
    ys, xs = np.nonzero(card.alpha)
    box = (int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1) if len(xs) else (0, 0, 0, 0)
    return _Layer(
        card,
        np.dstack([card.rgb, card.alpha]),
        gate,
        moves=float(wobble.max()) * width > LEAST_PIXELS,
        streams=ambient.has_stream and float(stream.max()) * width > LEAST_PIXELS,
        shines=ambient.has_lights and float((ambient.lights * on_it).max()) > 2 / 255,
        box=box,
    )


LEAST_PIXELS = 0.05
"""Of displacement, or of displacement a second: less is not drawn."""


Allowed = Floats | np.float32
"""How much of its own motion each place may make, 0 to 1."""


def _allowed(ambient: Ambient, x: Floats, y: Floats) -> Allowed:
    if ambient.within is None:
        return np.float32(1)
    found = cv2.remap(ambient.within, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, np.float32)


def _mapped(matrix: NDArray[np.float64], part: tuple[slice, slice]) -> tuple[Floats, Floats]:
    """Where a matrix takes the pixels of a part of the frame: x and y, each `[h, w]`."""
    m = matrix / matrix[2, 2]
    x, y = (np.arange(each.start, each.stop, dtype=np.float64) for each in (part[1], part[0]))
    pairs = (((m[i, 1] * y + m[i, 2]).astype(np.float32), (m[i, 0] * x).astype(np.float32)) for i in range(3))
    across, down, deep = (np.add.outer(*pair) for pair in pairs)
    return across / deep, down / deep


def _taken(picture: NDArray[np.uint8], x: Floats, y: Floats, how: int = cv2.INTER_CUBIC) -> NDArray[np.uint8]:
    return np.asarray(cv2.remap(picture, x, y, how, borderMode=cv2.BORDER_REFLECT_101), np.uint8)
