"""Labelled photos as the eyes are shown them: what the backbone sees of each, looked at once, and what is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipelines.eyes.backbone import CELL, Backbone, features_of, sized
from pipelines.eyes.head import extras_of
from pipelines.eyes.materials import FARTHEST, MATERIALS
from pipelines.subject import subject_mask
from training.eyes.labels import Labels

Floats = NDArray[np.float32]

INTEREST_SPREAD = 0.08
"""Of the longer side: how far from the labelled point of interest a place still counts as it."""


@dataclass(frozen=True)
class View:
    """Features `[C, h, w]`, extras `[E, h, w]`, shares of materials `[9, h, w]`, distance `[h, w]`, 0 near to 1 sky,
    and interest `[h, w]`, which sums to 1."""

    features: Tensor
    extras: Tensor
    shares: Tensor
    distance: Tensor
    interest: Tensor


@dataclass(frozen=True)
class Looked:
    """What the backbone saw of a photo: features `[C, h, w]` and extras `[E, h, w]`."""

    features: Tensor
    extras: Tensor


def looked_at(folder: Path, photo: Path, backbone: Backbone) -> Looked:
    """From the file in `folder`, which is written where it is not there yet."""
    file = folder / f"{photo.stem}.npz"
    if not file.exists():
        features, extras = _look(photo, backbone)
        np.savez(file, features=features.half().numpy(), extras=extras.half().numpy())
    with np.load(file) as arrays:
        return Looked(*(torch.from_numpy(arrays[name]).float() for name in ("features", "extras")))


def view_of(looked: Looked, labels: Labels) -> View:
    """What was seen beside what is there."""
    grid = (looked.extras.shape[1], looked.extras.shape[2])
    kinds = labels.materials()
    shares = np.stack([_mean((kinds == index).astype(np.float32), grid) for index in range(len(MATERIALS))])
    distance, interest = _mean(labels.distance() / np.float32(FARTHEST), grid), interest_map(labels.look, grid)
    return View(looked.features, looked.extras, *map(torch.from_numpy, (shares, distance, interest)))


SUBJECT_FORGOTTEN = 0.15
"""Of the photos are shown without their subject's mask: the network that finds it does not always."""


def shaken(extras: Tensor, rng: np.random.Generator) -> Tensor:
    """Extras `[E, h, w]` with their colours a little off, sometimes without the subject."""
    changed = extras.clone()
    changed[:3] = changed[:3] * rng.uniform(0.8, 1.2) + torch.randn(3, 1, 1) * 0.05
    if rng.random() < SUBJECT_FORGOTTEN:
        changed[3] = -1
    return changed


def statistics_of(features: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Mean and deviation `[C]` of each feature over photos `[C, h, w]`."""
    mean = torch.stack([each.mean((1, 2)) for each in features]).mean(0)
    return mean, torch.stack([each.std((1, 2)) for each in features]).mean(0) + LEAST_DEVIATION


LEAST_DEVIATION = 0.05
"""Added to each deviation: some features hardly ever show."""


def interest_map(look: tuple[float, float], grid: tuple[int, int]) -> Floats:
    """How likely each place of a grid is the point of interest at shares (x, y) of the picture; sums to 1."""
    y, x = np.mgrid[: grid[0], : grid[1]].astype(np.float32) + np.float32(0.5)
    apart = np.hypot(x - look[0] * grid[1], y - look[1] * grid[0]) / max(grid)
    likely = np.exp(-0.5 * (apart / INTEREST_SPREAD) ** 2)
    return np.asarray(likely / likely.sum(), np.float32)


def _look(photo: Path, backbone: Backbone) -> tuple[Tensor, Tensor]:
    bgr = cv2.imread(str(photo))
    if bgr is None:
        raise FileNotFoundError(f"There is no photo {photo}.")
    rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
    small = sized(rgb)
    grid = (small.shape[0] // CELL, small.shape[1] // CELL)
    return features_of(backbone, small), extras_of(small, subject_mask(rgb), grid)


def _mean(values: Floats, grid: tuple[int, int]) -> Floats:
    return np.asarray(cv2.resize(values, grid[::-1], interpolation=cv2.INTER_AREA), np.float32)
