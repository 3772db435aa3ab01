"""How well the eyes see, on photos that they were never trained on: `python -m benchmarks.eyes PHOTOS REGIONS`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import torch
import typer
from numpy.typing import NDArray

from benchmarks.report import Figure, show
from pipelines.eyes.eyes import look_at
from pipelines.eyes.materials import FARTHEST, MATERIALS
from pipelines.eyes.seen import Seen
from pipelines.eyes.weights import WEIGHTS
from training.eyes.labels import Labels, read_labels

SURE = 0.8
"""Share of one material above which a place is asked about: where two meet, the labels do not know either."""

APART = 0.08
"""Of all distance codes by which two places must differ to be asked about: less than one step."""

PAIRS = 4000
"""Pairs of places of each photo."""

MEGABYTE = 1_000_000

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """A photo that nobody trained on: what is there, and what was seen of it, on the grid of what was seen.

    `shares` and `seen_shares` `[9, h, w]`; `far` and `seen_far` `[h, w]`, 0 near to 1 sky.
    """

    shares: Floats
    seen_shares: Floats
    far: Floats
    seen_far: Floats

    @classmethod
    def of(cls, labels: Labels, seen: Seen) -> Judged:
        """The two side by side."""
        size = (seen.code.shape[1], seen.code.shape[0])
        kinds = labels.materials()
        layers = [*(kinds == index for index in range(len(MATERIALS))), labels.distance() / FARTHEST]
        whole = [np.asarray(layer, np.float32) for layer in layers]
        small = np.stack([cv2.resize(layer, size, interpolation=cv2.INTER_AREA) for layer in whole])
        return cls(
            np.asarray(small[:-1], np.float64),
            seen.shares / 255.0,
            np.asarray(small[-1], np.float64),
            seen.code / 255.0,
        )

    def confusion(self) -> Floats:
        """How many sure places of each material (row) were taken for each (column)."""
        counts, sure = np.zeros((len(MATERIALS), len(MATERIALS))), self.shares.max(0) > SURE
        np.add.at(counts, (self.shares.argmax(0)[sure], self.seen_shares.argmax(0)[sure]), 1)
        return counts

    def order(self, in_one_row: bool) -> float | None:
        """Share of pairs of clearly different distance whose order is seen; None where there are too few."""
        rng, (height, width) = np.random.default_rng(0), self.far.shape
        rows = rng.integers(0, height, (2, PAIRS))
        columns = rng.integers(0, width, (2, PAIRS))
        first = (rows[0], columns[0])
        second = (rows[0] if in_one_row else rows[1], columns[1])
        apart = np.abs(self.far[first] - self.far[second]) > APART
        if apart.sum() < PAIRS / 80:
            return None
        right = (self.far[first] > self.far[second]) == (self.seen_far[first] > self.seen_far[second])
        return float(right[apart].mean())


def measured(judged: Sequence[Judged], seconds: float, size: int) -> list[Figure]:
    """All figures."""
    confusion = np.sum([each.confusion() for each in judged], axis=0)
    right = np.diag(confusion)
    overlap = right / np.maximum(confusion.sum(0) + confusion.sum(1) - right, 1)
    words = ", ".join(f"{name} {value:.2f}" for name, value in zip(MATERIALS, overlap, strict=True))
    everywhere, in_rows = (_mean([each.order(in_one_row) for each in judged]) for in_one_row in (False, True))
    off = float(np.mean([np.abs(each.far - each.seen_far).mean() for each in judged])) * FARTHEST
    return [
        Figure("materials right", float(right.sum() / confusion.sum()), "", 0.83, 0.90, False, f"{len(judged)} photos"),
        Figure("mean IoU of nine", float(overlap.mean()), "", 0.60, 0.72, False, words),
        Figure("nearer of two places, all pairs", everywhere, "", 0.92, 0.96, False),
        Figure("nearer of two places in one row", in_rows, "", 0.75, 0.85, False),
        Figure("distance code (0 to 9) off by", off, "", 0.9, 0.6, True),
        Figure("one picture, one core", seconds, "s", 1.5, 0.5, True),
        Figure("weights", size / MEGABYTE, "MB", 30, 20, True),
    ]


def _mean(values: Sequence[float | None]) -> float:
    return float(np.mean([value for value in values if value is not None]))


def main(
    photos: Annotated[Path, typer.Argument(help="The folder of photos.")],
    regions: Annotated[Path, typer.Argument(help="The folder of their labels.")],
    json_file: Annotated[Path | None, typer.Option("--json", help="Where the figures go as JSON.")] = None,
    most: Annotated[int, typer.Option(help="Photos to look at; 0: all that were held out.")] = 0,
) -> None:
    """Look at every labelled photo that never was in training and print how much of it was seen rightly."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    judged, times = [], []
    held_out = (each for each in read_labels(regions) if each.is_held_out)
    for labels in held_out:
        bgr = cv2.imread(str(photos / f"{labels.name}.jpg"))
        if bgr is None:
            raise typer.BadParameter(f"There is no photo of {labels.name} in {photos}.")
        begun = time.perf_counter()
        seen = look_at(np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8))
        times.append(time.perf_counter() - begun)
        judged.append(Judged.of(labels, seen))
        if len(judged) == most:
            break
    show(measured(judged, float(np.median(times)), WEIGHTS.stat().st_size), json_file)


if __name__ == "__main__":
    typer.run(main)
