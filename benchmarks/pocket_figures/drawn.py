"""What is drawn to happen next: does it look at the picture, and does it go the right way?"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.pocket_figures.bench import Bench
from benchmarks.pocket_figures.labelled import Labelled
from benchmarks.report import Figure
from pipelines.eyes.eyes import look_at
from pipelines.families.pocket.happening import DIRECTED, Happening
from training.eyes.labels import Act
from training.pocket.acts import fields_of

Floats = NDArray[np.float64]

DIRECTION, OWN = "direction of what {}, unseen photos, median", "what is drawn, own still against another's"


def drawn_figures(bench: Bench) -> list[Figure]:
    """Angles of what flows and drifts, as shown, and how much better a drawing fits its own photo than others do."""
    photos = bench.labelled
    streams = [_streams(bench, photo) for photo in photos]
    drawings = [_drawings(bench, photo) for photo in photos]
    return [*(_direction(photos, streams, act) for act in DIRECTED), _own(photos, drawings)]


def _streams(bench: Bench, photo: Labelled) -> list[NDArray[np.float32]]:
    """What streams, `[2, h, w]`, for each seed."""
    requests = [photo.request(seed=seed, camera="hold") for seed in range(bench.effort.photo_seeds)]
    return [bench.animator.renderer(photo.still, request).ambient.stream for request in requests]


def _drawings(bench: Bench, photo: Labelled) -> list[Happening]:
    seen = look_at(photo.still)
    requests = [photo.request(seed=seed) for seed in range(bench.effort.photo_seeds)]
    return [bench.animator.draw(seen, request) for request in requests]


def _direction(photos: list[Labelled], streams: list[list[NDArray[np.float32]]], act: str) -> Figure:
    cases = [
        _apart(photo, labelled, stream)
        for photo, several in zip(photos, streams, strict=True)
        for labelled in photo.labels.acts
        if labelled.action == act and labelled.angle is not None
        for stream in several
    ]
    angles = [angle for angle in cases if angle is not None]
    name = DIRECTION.format({"flow": "flows", "drift": "drifts"}[act])
    if not angles:
        return Figure(name, None, "degrees", 45, 25, True, "no labelled photo has any")
    quarter, three = np.percentile(angles, (25, 75))
    note = f"{len(angles)} of {len(cases)} cases move; a quarter is within {quarter:.0f}, three within {three:.0f}"
    return Figure(name, float(np.median(angles)), "degrees", 45, 25, True, note)


def _apart(photo: Labelled, act: Act, stream: NDArray[np.float32]) -> float | None:
    """Degrees between what is shown and what is labelled, where anything streams there."""
    size = (stream.shape[2], stream.shape[1])
    here = np.isin(cv2.resize(photo.numbers, size, interpolation=cv2.INTER_NEAREST), act.regions)
    moving = here & (np.hypot(*stream) > LEAST_SPEED)
    if not moving.any():
        return None
    mean = stream[:, moving].mean(1)
    angle = np.rad2deg(np.arctan2(mean[1], mean[0])) - (act.angle or 0)
    return float(abs((angle + 180) % 360 - 180))


LEAST_SPEED = 5e-4
"""Image widths a second: half a pixel of 1024."""


def _own(photos: list[Labelled], drawings: list[list[Happening]]) -> Figure:
    """Correlation of the map of what moves with the own photo's truth, against that with the truth of others."""
    shape = (12, 20)
    truths = [_amount(fields_of(photo.labels, shape)) for photo in photos]
    drawn = [np.mean([_amount(_resized(each.fields, shape)) for each in several], 0) for several in drawings]
    fits = np.array([[_correlation(one, truth) for truth in truths] for one in drawn])
    is_own = np.eye(len(photos), dtype=bool)
    own, other = float(np.nanmean(fits[is_own])), float(np.nanmean(fits[~is_own]))
    note = f"{len(photos)} photos; correlation {own:.2f} with the own truth, {other:.2f} with others'"
    return Figure(OWN, own / max(other, 1e-6), "x", 2, 5, False, note)


def _resized(fields: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    return np.stack([cv2.resize(field, shape[::-1], interpolation=cv2.INTER_AREA) for field in fields])


def _amount(fields: NDArray[np.float32]) -> Floats:
    return np.asarray(np.abs(fields).sum(0), np.float64)


def _correlation(one: Floats, other: Floats) -> float:
    if one.std() < 1e-6 or other.std() < 1e-6:
        return float("nan")
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])
