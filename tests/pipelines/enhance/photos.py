"""Moving photographs whose true frames are known."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.contract import RGB
from tests.conftest import ROOT


def pan(count: int, width: int = 192, height: int = 128, step: tuple[int, int] = (6, 2), still: str = "otters") -> RGB:
    """A camera that moves over a still by `step` pixels a frame: uint8 `[count, height, width, 3]`."""
    photo = cv2.imread(str(ROOT / "assets" / "stills" / f"{still}.jpg"), cv2.IMREAD_COLOR_RGB)
    half = cv2.resize(photo, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    places = [(40 + step[0] * index, 30 + step[1] * index) for index in range(count)]
    return np.stack([half[y : y + height, x : x + width] for x, y in places])


def likeness(one: RGB, other: RGB) -> float:
    """Peak signal-to-noise ratio in dB."""
    return float(cv2.PSNR(np.ascontiguousarray(one), np.ascontiguousarray(other)))
