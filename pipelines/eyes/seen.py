"""What a still holds, as it is found, kept and used."""

from __future__ import annotations

import io
from dataclasses import dataclass, fields
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.eyes.guided import Guide
from pipelines.eyes.materials import FARTHEST, MATERIALS

Floats = NDArray[np.float32]

Bytes = NDArray[np.uint8]

METRES = np.array([0.7, 1.5, 3, 6, 15, 40, 100, 400, 2500, 1e6])
"""Of the distance codes 0 to 9."""

RADIUS_SHARE = 1 / 24
"""Radius of the guided filter as a share of the longer side: two places of what was looked at."""

SMOOTHEST = 1e-3
"""Variance of the guide, in squares of its range, below which nothing of its pattern is taken for an edge."""

LARGEST_GUIDE = 1024
"""Pixels of the longer side at which a picture guides: finer lines follow from there (fast guided filter)."""


@dataclass(frozen=True, eq=False)
class Sight:
    """What each pixel of a picture is, sharpened to its edges.

    `materials` float32 `[9, H, W]` are shares that sum to 1, in the order of `MATERIALS`; `nearness` float32 `[H, W]`
    is 1 over the distance in metres, 0 for the sky; `subject` float32 `[H, W]` in [0, 1]; `interest` is the point
    (x, y), in shares of the picture, that draws the eye.
    """

    materials: Floats
    nearness: Floats
    subject: Floats
    interest: tuple[float, float]

    def share_of(self, *names: str) -> Floats:
        """How much of each pixel is of any of these materials, float32 `[H, W]`."""
        return np.asarray(sum(self.materials[MATERIALS.index(name)] for name in names), np.float32)


@dataclass(frozen=True, eq=False)
class Seen:
    """What was found in a still, small enough to be kept with it.

    `shares` uint8 `[9, h, w]`, 255 being all; `code` uint8 `[h, w]`, 0 nearest to 255 sky; `subject` uint8 `[h', w']`;
    `interest` float32 `[2]`: the point (x, y), in shares of the picture, that draws the eye. `features` float16
    `[FEATURES, h / 2, w / 2]` and `extras` float16 `[EXTRAS, h / 2, w / 2]` are what other networks go on from.
    Everything covers the whole still.
    """

    shares: Bytes
    code: Bytes
    subject: Bytes
    interest: Floats
    features: NDArray[np.float16]
    extras: NDArray[np.float16]

    def sight(self, rgb: Bytes) -> Sight:
        """The same for each pixel of the still uint8 `[H, W, 3]`, at any size of it."""
        guide = Guide(rgb, LARGEST_GUIDE, RADIUS_SHARE, SMOOTHEST)
        shares = np.clip(np.stack([guide.sharpened(_share(each)) for each in self.shares]), LEAST_SHARE, 1)
        code = np.clip(guide.sharpened(_share(self.code)), 0, 1) * FARTHEST
        size = (rgb.shape[1], rgb.shape[0])
        subject = cv2.resize(_share(self.subject), size, interpolation=cv2.INTER_LINEAR)
        x, y = (float(each) for each in self.interest)
        materials = np.asarray(shares / shares.sum(0), np.float32)
        return Sight(materials, nearness_of(code), np.asarray(subject, np.float32), (x, y))

    def save(self, path: Path) -> None:
        """As one file."""
        content = io.BytesIO()
        np.savez_compressed(content, **vars(self))
        path.write_bytes(content.getvalue())

    @classmethod
    def read(cls, path: Path) -> Seen:
        """From such a file. Raises `OSError`, `ValueError` and `KeyError` where it is none."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(**{field.name: arrays[field.name] for field in fields(cls)})


LEAST_SHARE = 1e-4
"""Of a material anywhere: the filter may go below nothing, and some of the shares have to be left to add up."""


def _share(levels: Bytes) -> Floats:
    return np.asarray(levels, np.float32) / np.float32(255)


def nearness_of(code: Floats) -> Floats:
    """Distance codes 0 to 9 as 1 over metres."""
    return np.asarray(np.exp(-np.interp(code, np.arange(len(METRES)), np.log(METRES))), np.float32)
