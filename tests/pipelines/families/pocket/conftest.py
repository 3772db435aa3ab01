"""The shipped model, opened once, and pictures to move: real ones, and drawn ones of which everything is known."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.contract import RGB
from pipelines.eyes.materials import MATERIALS
from pipelines.eyes.seen import Sight
from pipelines.families.pocket.animator import PocketAnimator, load_pocket
from pipelines.families.pocket.cards import Deck, deck_of
from pipelines.families.pocket.face import FOLDER

SHIPPED_STILLS = Path(__file__).parents[4] / "assets" / "stills"

HORIZON, POST = 0.4, (0.6, 0.7)
"""Of the drawn landscape: the share of the height that is sky, and the shares of the width where a post stands."""


@pytest.fixture(scope="session")
def animator() -> PocketAnimator:
    return load_pocket(FOLDER)


@pytest.fixture(scope="session")
def cat() -> RGB:
    """A cat's face, 192x128."""
    return shipped("cat")


@pytest.fixture(scope="session")
def flowers() -> RGB:
    """A bush in bloom, 192x128."""
    return shipped("flowers")


def shipped(name: str) -> RGB:
    """An example still at 192x128."""
    bgr = cv2.imread(str(SHIPPED_STILLS / f"{name}.jpg"))
    return np.asarray(cv2.resize(bgr[..., ::-1], (192, 128), interpolation=cv2.INTER_AREA), np.uint8)


@pytest.fixture(scope="session")
def landscape() -> RGB:
    """Bright sky over mottled ground, with a dark post that stands before both, 320x192."""
    rng = np.random.default_rng(0)
    rgb = np.full((192, 320, 3), 215, np.uint8)
    row, (left, right) = round(192 * HORIZON), (round(320 * share) for share in POST)
    rgb[row:] = cv2.GaussianBlur(rng.integers(60, 180, (192 - row, 320, 3), np.uint8), (0, 0), 1.2)
    rgb[30:160, left:right] = (70, 20, 20)
    return rgb


@pytest.fixture(scope="session")
def sight(landscape: RGB) -> Sight:
    """What the eyes would see of it: water on the left half of the ground, plain ground on the right."""
    height, width = landscape.shape[:2]
    row, (left, right) = round(height * HORIZON), (round(width * share) for share in POST)
    kinds = np.full((height, width), MATERIALS.index("ground"))
    kinds[:, : width // 2] = MATERIALS.index("water")
    kinds[:row] = MATERIALS.index("sky")
    kinds[30:160, left:right] = MATERIALS.index("solid")
    materials = np.stack([kinds == index for index in range(len(MATERIALS))]).astype(np.float32)
    nearness = np.clip((np.arange(height, dtype=np.float32) - row) / (height - row), 0, 1)[:, None].repeat(width, 1)
    nearness[30:160, left:right] = (160 - row) / (height - row)
    return Sight(materials, nearness, np.zeros((height, width), np.float32), (0.65, 0.5))


@pytest.fixture(scope="session")
def deck(landscape: RGB, sight: Sight) -> Deck:
    return deck_of(landscape, sight)
