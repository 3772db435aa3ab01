"""What labelled photos would do next, as the built-in model draws it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.families.pocket.happening import ACTS, CHANNELS, DIRECTED, USUAL
from training.eyes.labels import Act, Labels

Floats = NDArray[np.float32]


def fields_of(labels: Labels, grid: tuple[int, int]) -> Floats:
    """The fields `[CHANNELS, h, w]` of a photo, as in `pipelines.families.pocket.happening.Happening`."""
    fields = np.zeros((CHANNELS, *labels.numbers.shape), np.float32)
    for act in labels.acts:
        here = np.isin(labels.numbers, act.regions)
        for channel, value in _values(act):
            fields[channel][here] = value
    small = [cv2.resize(field, grid[::-1], interpolation=cv2.INTER_AREA) for field in fields]
    return np.asarray(np.stack(small), np.float32)


def _values(act: Act) -> list[tuple[int, float]]:
    length, index = act.strength / USUAL, ACTS.index(act.action)
    if act.action not in DIRECTED:
        return [(index + len(DIRECTED), length)]
    angle = np.deg2rad(0.0 if act.angle is None else act.angle)
    return [(2 * index, length * float(np.cos(angle))), (2 * index + 1, length * float(np.sin(angle)))]


def mirrored(fields: Floats) -> Floats:
    """The same in a mirror."""
    flipped = fields[..., ::-1].copy()
    flipped[: 2 * len(DIRECTED) : 2] *= -1
    return flipped
