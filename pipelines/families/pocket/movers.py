"""Things that are cut out of the picture and go where they were sent; what they bare is carried on from around them."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.contract import RGB
from pipelines.direction import Direction, Region
from pipelines.families.pocket.behind import painted
from pipelines.families.pocket.cards import FEATHER, Card, Deck, Trail
from pipelines.families.pocket.masks import Mask
from pipelines.families.pocket.places import in_widths
from pipelines.outlines import filled

RIM = 3
"""Pixels around a thing that still have its colours: where it was, they are painted anew."""


def with_movers(deck: Deck, still: RGB, said: Direction) -> Deck:
    """The deck with a card for each part that was sent somewhere, on top; the same deck where there is none."""
    for region in said.regions:
        if region.do == "move":
            deck = _with_mover(deck, still, region, said.loop)
    return deck


def _with_mover(deck: Deck, still: RGB, region: Region, loops: bool) -> Deck:
    mask = filled(region.outlines, *still.shape[:2])
    if not mask.any() or mask.all():
        return deck
    wide = cv2.dilate(mask.astype(np.uint8), np.ones((2 * RIM + 1, 2 * RIM + 1))) > 0
    left = [_without(card, wide) for card in deck.cards]
    alpha = np.asarray(cv2.GaussianBlur(mask.astype(np.float32) * 255, (0, 0), FEATHER), np.uint8)
    thing = Card(still, alpha, _plane_under(deck, mask), len(deck.cards), _trail(region, still, loops))
    return replace(deck, cards=(*left, thing))


def _without(card: Card, thing: Mask) -> Card:
    """The card as it would look if the thing were not there."""
    is_gone = card.label > 0 and not ((card.alpha > 127) & ~thing).any()
    if is_gone:
        return replace(card, alpha=np.where(thing, np.uint8(0), card.alpha))
    return replace(card, rgb=np.where(thing[..., None], painted(card.rgb, ~thing, None), card.rgb))


def _plane_under(deck: Deck, mask: Mask) -> NDArray[np.float64]:
    """That of the card of which the thing covers most."""
    small = cv2.resize(mask.astype(np.float32), deck.labels.shape[::-1], interpolation=cv2.INTER_AREA)
    covered = [float(small[deck.labels == card.label].sum()) for card in deck.cards]
    return deck.cards[int(np.argmax(covered))].plane


def _trail(region: Region, still: RGB, loops: bool) -> Trail:
    places = in_widths(region.path, still.shape)
    return Trail(places - places[0], loops)
