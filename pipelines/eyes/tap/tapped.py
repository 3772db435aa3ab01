"""Tap a thing in a still and get its mask: `glanced` looks once, `Glance.under` answers every tap, `meant` picks."""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipelines.eyes.tap.candidates import Candidate, chosen, firmness
from pipelines.eyes.tap.encoder import CELL
from pipelines.eyes.tap.places import BOTTOM_RIGHT, TOP_LEFT, UNWANTED, WANTED, Spot
from pipelines.eyes.tap.weights import TapNetwork, open_tap

SIDE = 1024
"""Pixels of the longer side that is looked at: that of the network's training."""

MARGIN = 4
"""Places that are looked at beyond the shorter side. In training a still stood in the corner of an empty square; with
this much of it outlines are as good, and a look at 16:9 takes 0.62 of the time."""

MEAN = np.array([123.675, 116.28, 103.53], np.float32)
DEVIATION = np.array([58.395, 57.12, 57.375], np.float32)
"""Of ImageNet in 0 to 255, as in the network's training."""

STILLS_KEPT = 4
"""Stills whose look is kept: 4 MB each."""

Tap = tuple[float, float, bool]
"""A place (x, y) in shares of the still, and whether what is there is wanted."""

Box = tuple[float, float, float, float]
"""Left, top, right and bottom in shares of the still."""


def glanced(rgb: NDArray[np.uint8]) -> Glance:
    """A look at a still uint8 `[H, W, 3]`, kept for the next taps. Raises `ModelError` where the weights are damaged.

    Any thread may ask; the second that asks for the same still waits for the first.
    """
    scale = SIDE / max(rgb.shape[:2])
    height, width = (max(1, round(side * scale)) for side in rgb.shape[:2])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = np.ascontiguousarray(cv2.resize(rgb, (width, height), interpolation=how), np.uint8)
    with _ONE_AT_A_TIME:
        return Glance(*_seen(small.tobytes(), height, width), (height, width), rgb.shape[:2])


def meant(glance: Glance, taps: Sequence[Tap]) -> tuple[Candidate, int]:
    """What taps mean, and how many things they may mean. Taps at the same place are one: each again asks for larger."""
    places: list[Tap] = []
    for tap in taps:
        if not any(math.dist(tap, place) < SAME_PLACE for place in places):
            places.append(tap)
    candidates = glance.under(places)
    return chosen(candidates, len(taps) - len(places)), len(candidates)


SAME_PLACE = 0.015
"""Share of the still's width or height: a finger hits no better."""


class Glance:
    """A still that was looked at: `seen` `[1, h, w, SEEN]`, `where` that is, and its two sizes, height before width."""

    def __init__(self, seen: Tensor, where: Tensor, small: tuple[int, int], whole: tuple[int, ...]) -> None:
        self._seen, self._where, self._small, self._whole = seen, where, small, whole

    @torch.inference_mode()
    def under(self, taps: Sequence[Tap], box: Box | None = None) -> list[Candidate]:
        """What taps, a box, or both may mean, smallest first: three things for a single tap, else one."""
        network = _opened()
        spots = [self._spot(x, y, WANTED if wanted else UNWANTED) for x, y, wanted in taps]
        if box is not None:
            spots += [self._spot(*box[:2], TOP_LEFT), self._spot(*box[2:], BOTTOM_RIGHT)]
        masks, qualities = network.decoder(self._seen, self._where, network.places.of_spots(spots, box is not None))
        meant = slice(1, None) if len(spots) == 1 else slice(0, 1)
        found = [
            Candidate(self._as_still(mask), float(quality), firmness(self._within(mask)))
            for mask, quality in zip(masks[meant].numpy(), qualities[meant], strict=True)
        ]
        wanted = [(x, y) for x, y, is_wanted in taps if is_wanted]
        reached = [each for each in found if all(each.reaches(*place) for place in wanted)]
        return sorted(reached or found, key=lambda each: each.share)

    def _spot(self, x: float, y: float, kind: int) -> Spot:
        height, width = self._small
        return Spot(x * width / SIDE, y * height / SIDE, kind)

    def _within(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Without what lies beyond the still."""
        rows, columns = (-(-side * MASK_SIDE // SIDE) for side in self._small)
        return logits[:rows, :columns]

    def _as_still(self, logits: NDArray[np.float32]) -> NDArray[np.bool_]:
        """A mask at the size of the still."""
        rows, columns = (count * SIDE // MASK_SIDE for count in logits.shape)
        height, width = self._small
        small = cv2.resize(logits, (columns, rows), interpolation=cv2.INTER_LINEAR)[:height, :width]
        return np.asarray(cv2.resize(small, self._whole[1::-1], interpolation=cv2.INTER_LINEAR) > 0)


MASK_SIDE = 256
"""Places of a mask along `SIDE`."""

_ONE_AT_A_TIME = threading.Lock()


@functools.lru_cache(maxsize=STILLS_KEPT)
@torch.inference_mode()
def _seen(small: bytes, height: int, width: int) -> tuple[Tensor, Tensor]:
    """What is seen of a still, and where, for it is known again by its pixels."""
    network = _opened()
    rows, columns = (min(SIDE, (-(-side // CELL) + MARGIN) * CELL) for side in (height, width))
    picture = np.zeros((1, rows, columns, 3), np.float32)
    rgb = np.frombuffer(small, np.uint8).reshape(height, width, 3)
    picture[0, :height, :width] = (rgb - MEAN) / DEVIATION
    seen = network.encoder(torch.from_numpy(picture))
    return seen, network.places.of_grid(rows // CELL, columns // CELL, SIDE // CELL)


@functools.cache
def _opened() -> TapNetwork:
    return open_tap()
