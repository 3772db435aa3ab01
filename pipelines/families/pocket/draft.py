"""What was said of the motion and nothing else, drawn as a draft that guides models which cannot be told.

It is marked where it is meant: what moves as was said, what keeps still, and what is left to the model.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.contract import RGB, Drawn, FrameChunk
from pipelines.direction import Direction, Region
from pipelines.families.pocket.ambient import STILL, Ambient
from pipelines.families.pocket.animator import moments_of, renderer_of_said
from pipelines.families.pocket.cards import Deck
from pipelines.families.pocket.controls import Controls
from pipelines.families.pocket.masks import Floats, Mask
from pipelines.families.pocket.places import spots
from pipelines.families.pocket.render import Renderer
from pipelines.families.pocket.said import ANCHOR
from pipelines.outlines import filled
from pipelines.request import MotionRequest, asked

LEAST_ANCHOR = 16
"""Pixels around an anchor that keep still at least: four cells of a latent across."""

FADED = 0.05
"""Share of the largest motion of a kind below which a place is not what was meant: arrows fade away slowly."""

HALF = 127
"""Of 255: a mark holds where at least half of it is."""


@dataclass(frozen=True, eq=False)
class Draft:
    """See `pipelines.contract.Draft`: with where its frames are meant.

    `marks` draws, as red, what the still shows at all; as green, what keeps still; as blue, what moves by itself, which
    goes before. `follows` tells whether something was said of the camera; `alone`, whether nothing else may change.
    """

    renderer: Renderer
    marks: Renderer
    moments: list[float]
    follows: bool
    alone: bool

    @property
    def told(self) -> str:
        """A sentence where the camera goes less far than was asked, or empty."""
        return self.renderer.course.told

    @property
    def may_move(self) -> Mask:
        """The places of the still that were not told to keep still, bool `[H, W]`."""
        return self._of_frame(0)[2]

    def drawn(self) -> Iterator[Drawn]:
        """The frames in order, each with where it is meant."""
        for number, moment in enumerate(self.moments):
            moved, still, _ = self._of_frame(number)
            yield Drawn(self.renderer.frame(moment), moved, still)

    def kept(self, still: RGB, chunk: FrameChunk) -> FrameChunk:
        """The same frames of a model, with what nobody said may move exactly as it is in the still.

        A camera that moves leaves no pixel where it was.
        """
        if self.follows or not self.alone:
            return chunk
        frames = [self._with_still(still, frame, chunk.start + index) for index, frame in enumerate(chunk.frames)]
        return FrameChunk(chunk.start, np.stack(frames))

    def _with_still(self, still: RGB, frame: RGB, number: int) -> RGB:
        _, held, moves = np.moveaxis(self._marked(number), -1, 0)
        free = (np.maximum(moves, 255 - held) / np.float32(255))[..., None]
        return np.asarray(np.rint(frame * free + still * (1 - free)), np.uint8)

    def _of_frame(self, number: int) -> tuple[Mask, Mask, Mask]:
        """Where a frame moved, where it is held, and where it may move."""
        seen, still, moves = np.moveaxis(self._marked(number) > HALF, -1, 0)
        held = still & ~moves
        return (moves | seen if self.follows else moves) & ~held, held, ~held

    def _marked(self, number: int) -> NDArray[np.uint8]:
        # where neither the camera nor a thing goes anywhere, all of them are alike
        goes = self.follows or any(card.trail is not None for card in self.marks.deck.cards)
        return self.marks.frame(self.moments[number]) if goes else self.marks.still


def draft_of(still: RGB, request: MotionRequest) -> Draft:
    """The draft for a still uint8 `[H, W, 3]` at the request's size; the same for the same still and request.

    Takes a few seconds, and its frames a tenth of one each. What a direction leaves to the model, such as a region that
    moves "as the picture says", is marked neither as moved nor as held.
    """
    renderer, said = renderer_of_said(still, request), request.direction
    held = 1 - _left_to_the_model(said, renderer.ambient, still.shape) if said.only else _held(said, still.shape)
    moves = np.maximum(_moving(renderer.ambient, still.shape), _things(renderer.deck))
    marks = np.rint(np.stack([np.ones_like(moves), held, moves], -1) * 255).astype(np.uint8)
    return Draft(
        renderer,
        Renderer(marks, _marked(renderer.deck, marks), renderer.course, _at_rest(renderer.ambient)),
        moments_of(request),
        follows=bool(said.camera.keys) or said.camera.shake > 0 or asked(request, Controls).camera != "auto",
        alone=said.only,
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
    held = [region for region in said.regions if region.do == "still" or (region.strength == 0 and not region.path)]
    height, width = shape[:2]
    anchors = spots(said.anchors, (height, width), max(LEAST_ANCHOR, round(ANCHOR * width)))
    return _union(held, shape) | anchors


def _union(regions: list[Region], shape: tuple[int, ...]) -> Mask:
    inside = np.zeros(shape[:2], np.bool_)
    for region in regions:
        inside |= filled(region.outlines, shape[0], shape[1])
    return inside


def _things(deck: Deck) -> Floats:
    """What is cut out and goes somewhere, where it is in the still, float32 `[H, W]`, 0 or 1."""
    covers = [card.alpha > HALF for card in deck.cards if card.trail is not None]
    nothing = np.zeros(deck.cards[0].alpha.shape, np.bool_)
    return np.asarray(np.any([nothing, *covers], 0), np.float32)


def _marked(deck: Deck, marks: NDArray[np.uint8]) -> Deck:
    """The cards with marks in place of the picture, and none where a card was painted on behind another.

    What a thing bares is part of what was said, and moves with it: a model would leave the thing there as well.
    """
    cards, is_open = [], np.ones(marks.shape[:2], np.bool_)
    bared = np.uint8(255) * (_things(deck) > 0)[..., None] * np.array([0, 0, 1], np.uint8)
    for card in reversed(deck.cards):
        own = is_open & (card.alpha > HALF)
        # a pixel more, or there would be seams where soft edges meet
        wider = cv2.dilate(own.astype(np.uint8), np.ones((3, 3)))
        shown = np.asarray(marks * wider[..., None], np.uint8)
        cards.append(replace(card, rgb=shown if card.trail is not None else np.maximum(shown, bared)))
        is_open &= ~own
    return replace(deck, cards=tuple(reversed(cards)))


def _at_rest(ambient: Ambient) -> Ambient:
    nothing = np.zeros_like(ambient.ripple)
    both = np.stack([nothing, nothing])
    calm = replace(ambient, ripple=nothing, sway=nothing, breath=nothing, lights=nothing)
    return replace(calm, stream=both, bend=both, within=None)
