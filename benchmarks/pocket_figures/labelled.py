"""Labelled photos that never were in training, as the studio hands them to the model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.pocket_figures.bench import request_of
from pipelines.contract import RGB
from pipelines.eyes.materials import MATERIALS
from pipelines.request import SIZE_STEP, MotionRequest
from training.eyes.labels import Labels, read_labels

WIDTH = 1024
"""Pixels of a labelled photo as it is measured: what is told in pixels is told at this width."""

RIGID = ("ground", "solid")

MOVING = ("flow", "drift", "ripple", "sway")
"""Acts that move places; breathing is too little to be measured against what is rigid."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Labelled:
    """A photo uint8 `[H, WIDTH, 3]` and its labels."""

    still: RGB
    labels: Labels

    def request(self, **controls: object) -> MotionRequest:
        """A request for a clip of its own shape."""
        return request_of((self.still.shape[1], self.still.shape[0]), **controls)

    @cached_property
    def numbers(self) -> NDArray[np.uint8]:
        """The number of the region of each pixel, `[H, WIDTH]`."""
        size = (self.still.shape[1], self.still.shape[0])
        return np.asarray(cv2.resize(self.labels.numbers, size, interpolation=cv2.INTER_NEAREST), np.uint8)

    def rigid(self) -> Mask:
        """Where nothing moves by itself."""
        kinds = self._large(self.labels.materials())
        stiff = np.isin(kinds, [MATERIALS.index(name) for name in RIGID])
        return np.asarray(stiff & ~self.acting((*MOVING, "breathe", "flicker")), np.bool_)

    def acting(self, actions: tuple[str, ...]) -> Mask:
        """Where any of these actions would happen."""
        regions = [number for act in self.labels.acts if act.action in actions for number in act.regions]
        return np.isin(self.numbers, regions)

    def distance(self) -> NDArray[np.float32]:
        """The distance code at each pixel, 0 near to 9 sky."""
        return np.asarray(self._large(self.labels.distance()), np.float32)

    def _large(self, layer: NDArray[np.float32] | NDArray[np.uint8]) -> NDArray[np.float32]:
        size = (self.still.shape[1], self.still.shape[0])
        return np.asarray(cv2.resize(layer, size, interpolation=cv2.INTER_NEAREST), np.float32)


def labelled_photos(photos: Path, regions: Path, most: int) -> Iterator[Labelled]:
    """Up to `most` held-out photos, spread over all of them."""
    held_out = [each for each in read_labels(regions) if each.is_held_out]
    for labels in held_out[:: max(1, len(held_out) // most)][:most]:
        bgr = cv2.imread(str(photos / f"{labels.name}.jpg"))
        if bgr is None:
            raise FileNotFoundError(f"There is no photo of {labels.name} in {photos}.")
        height = round(WIDTH * bgr.shape[0] / bgr.shape[1] / SIZE_STEP) * SIZE_STEP
        rgb = cv2.cvtColor(cv2.resize(bgr, (WIDTH, height), interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB)
        yield Labelled(np.asarray(rgb, np.uint8), labels)
