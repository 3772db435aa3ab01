"""Do motion boundaries lie on the subject's boundary? On held-out photos with masks."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.pocket_figures.bench import Bench, framed, request_of
from benchmarks.report import Figure
from jobs.make_clip import find_anchor
from media.framing import frame_still
from media.stills import Still, open_still
from pipelines.contract import RGB
from pipelines.pocket.layers import Floats
from pipelines.pocket.motion import FIELD_WIDTH
from pipelines.request import SIZES
from pipelines.subject import subject_mask
from training.photos import CRISP, mask_beside

SIZE = SIZES["Landscape"]

BAND = 4
"""Pixels at `FIELD_WIDTH` on each side of a boundary that count as on it: half a cell of the drawn field."""

AREA = (0.03, 0.6)
"""Share of the picture that a subject may cover: less or more has no boundary that could be hit."""

NAME = "motion boundaries on the subject's boundary, against a random place"


@dataclass(frozen=True)
class Subject:
    """A still uint8 `[H, W, 3]`, and the `band` around its subject's boundary, bool `[h, FIELD_WIDTH]`."""

    still: RGB
    band: NDArray[np.bool_]


def boundary_figures(bench: Bench) -> list[Figure]:
    """Density of motion edges in the own band against the bands of all other photos, mirrored as well."""
    subjects = clear_subjects(bench.photos, bench.effort.photos)
    if len(subjects) < 2:
        return [Figure(NAME, None, "x", 1.5, 3, False, "fewer than two held-out photos have a clear subject")]
    fields = [_last_fields(bench, subject.still) for subject in subjects]
    bands = [subject.band for subject in subjects]
    ratio, squared = (gathering([motion_edges(several, power) for several in fields], bands) for power in (1, 2))
    note = f"{len(subjects)} held-out photos x {bench.effort.photo_seeds} seeds; gradient of the last frame's field"
    return [Figure(NAME, ratio, "x", 1.5, 3, False, f"{note}; {squared:.2f} x of the squared gradient")]


def gathering(edges: list[Floats], bands: list[NDArray[np.bool_]]) -> float:
    """How much denser motion edges `[h, w]` are in the own band than in those of the other photos, on average."""
    own = [density(e, band) for e, band in zip(edges, bands, strict=True)]
    elsewhere = [_elsewhere(e, bands, index) for index, e in enumerate(edges)]
    return float(np.mean(own) / np.mean(elsewhere))


def clear_subjects(photos: list[Path], count: int) -> list[Subject]:
    """Up to `count` photos, in order, whose subject has a crisp boundary inside the picture."""
    found = (_subject(file) for file in photos)
    return list(itertools.islice((subject for subject in found if subject is not None), count))


def _subject(file: Path) -> Subject | None:
    request = request_of(SIZE)
    still = framed(file, request)
    mask = _mask_of(file, still)
    inside, sure = mask > 60 / 255, mask > 200 / 255
    if not AREA[0] < float(inside.mean()) < AREA[1] or float(sure.sum()) < CRISP * float(inside.sum()):
        return None
    return Subject(still, boundary_band(mask))


def _mask_of(file: Path, still: RGB) -> Floats:
    """The mask beside the photo, framed as the photo is, or what the studio's eyes find in the still, `[H, W]`."""
    beside = mask_beside(file)
    if beside is None:
        return subject_mask(still)
    photo = open_still(file)
    full = np.asarray(cv2.resize(beside, photo.size, interpolation=cv2.INTER_LINEAR), np.uint8)
    request = request_of(SIZE)
    same_part = frame_still(Still(np.dstack([full] * 3)), request, find_anchor(photo, request))
    return np.asarray(same_part[..., 0] / 255, np.float32)


def boundary_band(mask: Floats) -> NDArray[np.bool_]:
    """Where a mask `[H, W]` in [0, 1] is within `BAND` of its boundary, bool `[h, FIELD_WIDTH]`."""
    size = (FIELD_WIDTH, round(FIELD_WIDTH * mask.shape[0] / mask.shape[1]))
    inside = (cv2.resize(mask, size, interpolation=cv2.INTER_AREA) > 0.5).astype(np.uint8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * BAND + 1, 2 * BAND + 1))
    return np.asarray(cv2.dilate(inside, disc) > cv2.erode(inside, disc), np.bool_)


def _last_fields(bench: Bench, still: RGB) -> list[Floats]:
    """The last frame's displacement for each seed."""
    mask = subject_mask(still)
    seeds = range(bench.effort.photo_seeds)
    motions = (bench.animator.draw_motion(still, mask, request_of(SIZE, seed=seed)) for seed in seeds)
    return [motion.frame(len(motion.profiles)) for motion in motions]


def motion_edges(fields: list[Floats], power: int = 1) -> Floats:
    """Length of the gradient of displacement fields `[2, h, w]` to a power, each with mean 1, averaged, `[h, w]`."""
    lengths = [np.sqrt(np.square(np.gradient(field, axis=(1, 2))).sum((0, 1))) ** power for field in fields]
    return np.asarray(np.mean([length / max(float(length.mean()), 1e-12) for length in lengths], 0), np.float32)


def density(edges: Floats, band: NDArray[np.bool_]) -> float:
    """Mean of the edges inside a band: 1 where they are as strong there as everywhere."""
    return float(edges[band].mean())


def _elsewhere(edges: Floats, bands: list[NDArray[np.bool_]], own: int) -> float:
    """Mean density in the bands of all other photos, as they are and mirrored: subjects stand near the middle too."""
    others = [band for index, band in enumerate(bands) if index != own]
    return float(np.mean([density(edges, band) for other in others for band in (other, other[:, ::-1])]))
