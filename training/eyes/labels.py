"""Labelled photos: of which material each region is, how far, and what it would do next.

A folder has `maps/NAME.png`, whose values number the regions of a photo, and two files with a line for each photo:
`materials.txt`: `NAME | horizon=ROW% or none | KIND | CODE DISTANCE:regions | ...` and
`motions.txt`: `NAME | look=X,Y | moves=MOVE:WEIGHT,... | depth=0..9 | ACTION [ANGLE] STRENGTH:regions | ...`.
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
from training.photos import ALWAYS_HELD_OUT, is_held_out

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
class Act:
    """What regions would do: `action` is a name, `angle` in degrees on screen (0 right, 90 down) where it goes
    somewhere, `strength` 1 hardly visible, 5 usual, 9 violent."""

    action: str
    angle: float | None
    strength: int
    regions: tuple[int, ...]


@dataclass(frozen=True)
class Labels:
    """What a photo holds. `patches` cover it; what they leave out is solid.

    `look` is the point of interest as shares (x, y) of the picture; `moves` are weights of camera moves, out of 10.
    """

    name: str
    numbers: NDArray[np.uint8]
    patches: tuple[Patch, ...]
    look: tuple[float, float]
    moves: dict[str, float]
    acts: tuple[Act, ...]

    @property
    def is_held_out(self) -> bool:
        """Whether the photo is kept away from training."""
        return is_held_out(f"{self.name}.jpg", ALWAYS_HELD_OUT)

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
    motions = {name: groups for name, *groups in _lines(folder / "motions.txt")}
    for name, _, _, *groups in _lines(folder / "materials.txt"):
        numbers = cv2.imread(str(folder / "maps" / f"{name}.png"), cv2.IMREAD_GRAYSCALE)
        look, moves, _, *acts = motions[name]
        yield Labels(
            name, np.asarray(numbers, np.uint8), tuple(map(_patch, groups)), _point(look), _weights(moves), _acts(acts)
        )


def _lines(file: Path) -> Iterator[list[str]]:
    for line in file.read_text(encoding="utf-8").splitlines():
        yield [part.strip() for part in line.split("|")]


def _point(text: str) -> tuple[float, float]:
    x, y = text.removeprefix("look=").split(",")
    return float(x) / 100, float(y) / 100


def _weights(text: str) -> dict[str, float]:
    pairs = (pair.split(":") for pair in text.removeprefix("moves=").split(","))
    return {move: float(weight) for move, weight in pairs}


def _acts(groups: list[str]) -> tuple[Act, ...]:
    return tuple(_act(group) for group in groups if group)


def _act(text: str) -> Act:
    found = re.fullmatch(r"(\w+)(?: (-?\d+))? (\d):\s?(.+)", text)
    if found is None:
        raise ValueError(f"This is no act of regions: {text}")
    action, angle, strength, regions = found.groups()
    return Act(action, None if angle is None else float(angle), int(strength), tuple(numbers_in(regions)))


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
