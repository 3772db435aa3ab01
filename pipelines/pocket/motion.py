"""A clip's motion: the displacement of every place at every frame, drawn in layers and joined at their outlines.

A clip's motion is `d(tau) = tau * sum_k profile_k(tau) * component_k`, here in image widths, the same unit in x and y.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from pipelines.pocket.layers import Floats, compose
from pipelines.pocket.outlines import SHARPEST, SHARPEST_SKYLINE, WIDEST, Outline

FIELD_WIDTH = 256
"""Columns at which layers are joined and judged; pixels between them are interpolated."""

MOST_PLACES = FIELD_WIDTH * 456
"""Of a field: those of a clip of 9:16. Slimmer ones have fewer columns, or a strip would take minutes."""


def field_shape(width: int, height: int) -> tuple[int, int]:
    """Rows and columns of the field of a clip of `width` x `height` pixels."""
    columns = min(FIELD_WIDTH, math.floor(math.sqrt(MOST_PLACES * width / height)))
    return round(columns * height / width), columns


@dataclass(frozen=True)
class Motion:
    """`components [K, 2, h, w]` in image widths and `profiles [F - 1, K]`, already multiplied by `tau`."""

    components: Floats
    profiles: Floats

    def frame(self, index: int) -> Floats:
        """The displacement of frame `index >= 1`, `[2, h, w]` in image widths."""
        field: Floats = np.tensordot(self.profiles[index - 1], self.components, 1).astype(np.float32)
        return field

    def scaled(self, factor: float) -> Motion:
        """The same motion, `factor` as far."""
        return Motion(self.components * np.float32(factor), self.profiles)

    def travel(self) -> float:
        """How far the picture moves: the mean over cells and moments of the speed so far, in image widths per clip."""
        tau = np.arange(1, len(self.profiles) + 1, dtype=np.float32)[:, None] / len(self.profiles)
        rates = np.tensordot(self.profiles / tau, self.components, 1)
        return float(np.sqrt(np.square(rates).sum(1)).mean())

    def of_unit_travel(self) -> Motion:
        """The same motion at a travel of one image width per clip; one that does not move is not blown up."""
        return self.scaled(1 / max(self.travel(), NO_MOTION))

    def frames(self) -> list[Floats]:
        """The displacement of every frame after the first."""
        return [self.frame(index) for index in range(1, len(self.profiles) + 1)]

    def coarse(self, step: int) -> Motion:
        """The same motion at every `step`-th row and column."""
        return Motion(self.components[..., step // 2 :: step, step // 2 :: step], self.profiles)


NO_MOTION = 1e-6
"""Travel in image widths that counts as standing still: a thousandth of a pixel at 1024."""


@dataclass(frozen=True)
class LayeredMotion:
    """Layers `[3, K, 2, h, w]` in image widths, masks `[h, w]` in [0, 1], and profiles as in `Motion`."""

    layers: Floats
    relief: Floats
    subject: Floats
    profiles: Floats

    def parted(self, share: float) -> LayeredMotion:
        """The same with things moving only a `share` as far against their backdrop."""
        layers = self.layers.copy()
        layers[1:] *= np.float32(share)
        return replace(self, layers=layers)

    def outlines(self) -> Outlines:
        """The sharpest outlines."""
        return Outline.of(self.relief, SHARPEST_SKYLINE), Outline.of(self.subject, SHARPEST)

    def widest(self) -> Outlines:
        """The outlines that bear the most."""
        return Outline.of(self.relief, WIDEST), Outline.of(self.subject, WIDEST)

    def joined(self, outlines: Outlines) -> Motion:
        """The layers joined at these outlines."""
        relief, subject = outlines
        return Motion(compose(self.layers, relief.ramp(), subject.ramp()), self.profiles)


Outlines = tuple[Outline, Outline]
"""Of the relief and of the subject."""
