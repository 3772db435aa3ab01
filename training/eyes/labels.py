"""Labelled photos: of which material each region is, and how far.

A folder has `maps/NAME.png`, whose values number the regions of a photo, and `materials.txt`, a line for each photo:
`NAME | horizon=ROW% or none | KIND | CODE DISTANCE:regions | ...`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.eyes.materials import MATERIALS

LETTERS = {
    **{"k": "sky", "n": "sky", "c": "cloud", "w": "water", "f": "flow", "v": "plant", "m": "mist", "e": "mist"},
    **{"g": "ground", "r": "solid", "x": "solid", "t": "solid", "o": "solid"},
    **{"p": "living", "a": "living", "h": "living"},
}
"""The material of each code; a fire moves as smoke does, a vehicle and a picture's frame are as stiff as a house."""

SOLID = MATERIALS.index("solid")


@dataclass(frozen=True)
class Patch:
    """Regions that are alike: a material, the distance codes at its upper and lower end, and the regions' numbers."""

    material: int
    far: int
    near: int
    regions: tuple[int, ...]


@dataclass(frozen=True)
class Labels:
    """What a photo holds. `patches` cover it; what they leave out is solid."""

    name: str
    numbers: NDArray[np.uint8]
    patches: tuple[Patch, ...]

    def materials(self) -> NDArray[np.uint8]:
        """The index of the material at each pixel, `[H, W]`."""
        found = np.full(self.numbers.shape, SOLID, np.uint8)
        for patch in self.patches:
            found[np.isin(self.numbers, patch.regions)] = patch.material
        return found

    def distance(self) -> NDArray[np.float32]:
        """The distance code at each pixel, `[H, W]`, 0 near to 9 sky; a region recedes from its foot to its top."""
        found = np.zeros(self.numbers.shape, np.float32)
        for patch in self.patches:
            here = np.isin(self.numbers, patch.regions)
            rows = np.flatnonzero(here.any(1))
            if len(rows):
                share = np.clip((np.arange(len(here)) - rows[0]) / max(rows[-1] - rows[0], 1), 0, 1)
                codes = (patch.far + (patch.near - patch.far) * share).astype(np.float32)[:, None]
                found[here] = np.broadcast_to(codes, here.shape)[here]
        return found


def read_labels(folder: Path) -> Iterator[Labels]:
    """All labelled photos of a folder."""
    for line in (folder / "materials.txt").read_text(encoding="utf-8").splitlines():
        name, _, _, *groups = (part.strip() for part in line.split("|"))
        numbers = cv2.imread(str(folder / "maps" / f"{name}.png"), cv2.IMREAD_GRAYSCALE)
        yield Labels(name, np.asarray(numbers, np.uint8), tuple(map(_patch, groups)))


def _patch(text: str) -> Patch:
    found = re.fullmatch(r"(\w)\s?(\d)(?:-(\d))?:\s?(.+)", text)
    if found is None:
        raise ValueError(f"This is no group of regions: {text}")
    letter, one, other, regions = found.groups()
    codes = sorted((int(one), int(other or one)))
    return Patch(MATERIALS.index(LETTERS[letter]), codes[1], codes[0], tuple(numbers_in(regions)))


def numbers_in(text: str) -> Iterator[int]:
    """The numbers that a text such as `1,4-6` names."""
    for part in text.replace(" ", "").split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)
