"""What was said of the motion and nothing else, drawn as a draft that guides models which cannot be told.

It is marked where it is meant: what moves as was said, what keeps still, and what is left to the model.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.contract import RGB
from pipelines.direction import FULL, Direction, Region
from pipelines.outlines import filled
from pipelines.pocket.ambient import STILL, Ambient
from pipelines.pocket.animator import moments_of, renderer_of_said
from pipelines.pocket.cards import Deck
from pipelines.pocket.masks import Floats, Mask
from pipelines.pocket.render import Renderer
from pipelines.pocket.said import ANCHOR
from pipelines.request import MotionRequest

LEAST_ANCHOR = 16
"""Pixels around an anchor that keep still at least: four cells of a latent across."""

FADED = 0.05
"""Share of the largest motion of a kind below which a place is not what was meant: arrows fade away slowly."""

HALF = 127
"""Of 255: a mark holds where at least half of it is."""


class Drawn(NamedTuple):
    """A frame uint8 `[H, W, 3]`, and bool `[H, W]` each: where it `moved` as was said, and what of it is `held`."""

    frame: RGB
    moved: Mask
    held: Mask


@dataclass(frozen=True, eq=False)
class Draft:
    """The frames of a clip in which nothing moves but what was said, and where they are meant.

    `marks` draws, as red, what the still shows at all; as green, what keeps still; as blue, what moves by itself.
    `follows` tells whether something was said of the camera. `free` float32 `[H, W]` is how much of its own each place
    has, exactly 0 where it stays the still's; None where the whole picture may change.
    """

    renderer: Renderer
    marks: Renderer
    moments: list[float]
    follows: bool
    free: Floats | None

    @property
    def told(self) -> str:
        """A sentence where the camera goes less far than was asked, or empty."""
        return self.renderer.course.told

    @property
    def may_move(self) -> Mask:
        """The places of the still that were not told to keep still, bool `[H, W]`."""
        return np.asarray(self.marks.still[..., 1] <= HALF)

    def drawn(self) -> Iterator[Drawn]:
        """The frames in order, each with where it is meant."""
        for moment in self.moments:
            seen, still, moves = np.moveaxis(self._marked(moment) > HALF, -1, 0)
            moved = moves | seen if self.follows else moves
            yield Drawn(self.renderer.frame(moment), moved & ~still, still)

    def kept(self, still: RGB, frames: RGB) -> RGB:
        """Frames uint8 `[n, H, W, 3]` of a model, with what nobody said may move as it is in the still."""
        if self.free is None:
            return frames
        share = self.free[None, ..., None]
        return np.asarray(np.rint(frames * share + still * (1 - share)), np.uint8)

    def _marked(self, moment: float) -> NDArray[np.uint8]:
        # a camera that holds sees them where they are
        return self.marks.frame(moment) if self.follows else self.marks.still


def draft_of(still: RGB, request: MotionRequest) -> Draft:
    """The draft for a still uint8 `[H, W, 3]` at the request's size; the same for the same still and request.

    Takes a few seconds, and its frames a tenth of one each. What a direction leaves to the model, such as a region that
    moves "as the picture says", is marked neither as moved nor as held.
    """
    renderer, said = renderer_of_said(still, request), request.direction
    follows = bool(said.camera.keys) or said.camera.shake > 0 or request.camera != "auto"
    moving = _moving(renderer.ambient, still.shape)
    free = np.maximum(moving, _left_to_the_model(said, renderer.ambient, still.shape)) if said.only else None
    held = _held(said, still.shape) if free is None else free <= 1 / 2
    marks = np.stack([np.ones_like(held), held, moving > 1 / 2], -1).astype(np.uint8) * np.uint8(255)
    return Draft(
        renderer,
        Renderer(marks, _marked(renderer.deck, marks), renderer.course, _at_rest(renderer.ambient)),
        moments_of(request),
        follows,
        # a camera that moves leaves no pixel where it was
        None if follows else free,
    )


def _moving(ambient: Ambient, shape: tuple[int, ...]) -> Floats:
    """How surely each place moves by what was said, float32 `[H, W]` from 0 to 1."""
    flowing = np.hypot(*ambient.stream) * np.float32(ambient.seconds)
    fields = (flowing, ambient.ripple, ambient.sway, ambient.breath, np.hypot(*ambient.bend))
    surest = np.max([_meant(field) for field in fields], 0)
    grown = cv2.resize(surest, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(grown if ambient.within is None else grown * ambient.within, np.float32)


def _meant(field: Floats) -> Floats:
    """0 where displacements are too small to be meant, 1 from twice as much on."""
    least = max(FADED * float(field.max()), STILL)
    return np.asarray(np.clip(field / least - 1, 0, 1), np.float32)


def _left_to_the_model(said: Direction, ambient: Ambient, shape: tuple[int, ...]) -> Floats:
    """Regions that move, but as the picture says."""
    part = _union([region for region in said.regions if region.do == "auto" and region.strength > 0], shape)
    return np.asarray(part if ambient.within is None else part * ambient.within, np.float32)


def _held(said: Direction, shape: tuple[int, ...]) -> Mask:
    """Regions and anchors that keep still."""
    held = _union([region for region in said.regions if region.do == "still" or region.strength == 0], shape)
    spots = held.astype(np.uint8)
    height, width = shape[:2]
    for x, y in said.anchors:
        radius = max(LEAST_ANCHOR, round(ANCHOR * width))
        cv2.circle(spots, (int(x / FULL * width), int(y / FULL * height)), radius, 1, -1)
    return spots > 0


def _union(regions: list[Region], shape: tuple[int, ...]) -> Mask:
    inside = np.zeros(shape[:2], np.bool_)
    for region in regions:
        inside |= filled(region.outlines, shape[0], shape[1])
    return inside


def _marked(deck: Deck, marks: NDArray[np.uint8]) -> Deck:
    """The cards with marks in place of the picture, and none where a card was painted on behind another."""
    cards, is_open = [], np.ones(marks.shape[:2], np.bool_)
    for card in reversed(deck.cards):
        own = is_open & (card.alpha > HALF)
        # a pixel more, or there would be seams where soft edges meet
        wider = cv2.dilate(own.astype(np.uint8), np.ones((3, 3)))
        cards.append(replace(card, rgb=np.ascontiguousarray(marks * wider[..., None], np.uint8)))
        is_open &= ~own
    return replace(deck, cards=tuple(reversed(cards)))


def _at_rest(ambient: Ambient) -> Ambient:
    nothing = np.zeros_like(ambient.ripple)
    both = np.stack([nothing, nothing])
    calm = replace(ambient, ripple=nothing, sway=nothing, breath=nothing, lights=nothing)
    return replace(calm, stream=both, bend=both, within=None)
