"""Views of labelled photos: the whole, and parts of it in other colours, each with its features, looked at once."""

from __future__ import annotations

from collections.abc import Iterator
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

SMALLEST_PART = 0.5
"""Of a side of the photo."""

LONG_SIDES = (320, 448)
"""Pixels between which the longer side of a part is looked at: things come in other sizes in other pictures."""

Rng = np.random.Generator


@dataclass(frozen=True)
class View:
    """Features `[C, h, w]`, extras `[E, h, w]`, shares of materials `[9, h, w]`, distance `[h, w]`, 0 near to 1 sky."""

    features: Tensor
    extras: Tensor
    shares: Tensor
    distance: Tensor

    def arrays(self) -> dict[str, NDArray[np.float16]]:
        """As they are kept on disk."""
        return {name: value.half().numpy() for name, value in vars(self).items()}


def views_of(photo: Path, labels: Labels, backbone: Backbone, parts: int) -> Iterator[View]:
    """The whole photo, then some parts of it, the same ones every time."""
    bgr = cv2.imread(str(photo))
    if bgr is None:
        raise FileNotFoundError(f"There is no photo {photo}.")
    rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
    truth = np.dstack([labels.materials().astype(np.float32), labels.distance()])
    layers = np.asarray(cv2.resize(truth, rgb.shape[1::-1], interpolation=cv2.INTER_NEAREST), np.float32)
    yield _view(rgb, layers, backbone, sized(rgb))
    rng = np.random.default_rng(sum(labels.name.encode()))
    for _ in range(parts):
        part, part_truth = _part(rgb, layers, rng)
        yield _view(part, part_truth, backbone, sized(part, int(rng.integers(*LONG_SIDES))))


def _part(
    rgb: NDArray[np.uint8], layers: NDArray[np.float32], rng: Rng
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    height, width = rgb.shape[:2]
    high, wide = (int(side * rng.uniform(SMALLEST_PART, 1)) for side in (height, width))
    top, left = rng.integers(0, height - high + 1), rng.integers(0, width - wide + 1)
    window = np.s_[top : top + high, left : left + wide]
    part = rgb[window].astype(np.float32) / 255
    part = part ** rng.uniform(0.7, 1.4) * rng.uniform(0.85, 1.15, 3)
    grey = part.mean(2, keepdims=True)
    part = grey + (part - grey) * rng.uniform(0.4, 1.3)
    flip = np.s_[:, ::-1] if rng.random() < 0.5 else np.s_[:, :]
    return np.ascontiguousarray((np.clip(part, 0, 1) * 255).astype(np.uint8)[flip]), layers[window][flip]


def _view(rgb: NDArray[np.uint8], layers: NDArray[np.float32], backbone: Backbone, small: NDArray[np.uint8]) -> View:
    grid = (small.shape[0] // CELL, small.shape[1] // CELL)
    extras = extras_of(small, subject_mask(rgb), grid)
    kinds = layers[..., 0].astype(np.uint8)
    shares = [_mean((kinds == index).astype(np.float32), grid) for index in range(len(MATERIALS))]
    distance = torch.from_numpy(_mean(np.ascontiguousarray(layers[..., 1]) / FARTHEST, grid))
    return View(features_of(backbone, small), extras, torch.from_numpy(np.stack(shares)), distance)


def _mean(values: NDArray[np.float32], grid: tuple[int, int]) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(values, grid[::-1], interpolation=cv2.INTER_AREA), np.float32)


def kept(folder: Path, photo: Path, labels: Labels, backbone: Backbone, parts: int) -> list[Path]:
    """The files of a photo's views, all written where they are not all there yet."""
    files = [folder / f"{labels.name}.{index}.npz" for index in range(1 + parts)]
    if not all(file.exists() for file in files):
        for file, view in zip(files, views_of(photo, labels, backbone, parts), strict=True):
            np.savez(file, **view.arrays())  # type: ignore[arg-type]
    return sorted(folder.glob(f"{labels.name}.?.npz"))


def read(file: Path) -> View:
    """A view from its file."""
    with np.load(file) as arrays:
        return View(**{name: torch.from_numpy(arrays[name]).float() for name in arrays})
