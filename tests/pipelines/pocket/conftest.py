"""The shipped model, opened once, and stills to move."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.catalogue import POCKET_FOLDER
from pipelines.contract import RGB
from pipelines.pocket.animator import PocketAnimator, load_pocket

SHIPPED_STILLS = Path(__file__).parents[3] / "assets" / "stills"


@pytest.fixture(scope="session")
def animator() -> PocketAnimator:
    return load_pocket(POCKET_FOLDER)


@pytest.fixture(scope="session")
def cat() -> RGB:
    """A cat's face, 192x128."""
    bgr = cv2.imread(str(SHIPPED_STILLS / "cat.jpg"))
    return np.asarray(cv2.resize(bgr[..., ::-1], (192, 128), interpolation=cv2.INTER_AREA), np.uint8)
