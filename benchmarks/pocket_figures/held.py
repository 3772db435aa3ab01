"""Camera held: does what should move by itself move, and does what is rigid stand?"""

from __future__ import annotations

import itertools

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.pocket_figures.bench import Bench, framed, request_of
from benchmarks.pocket_figures.labelled import MOVING, Labelled, Mask
from benchmarks.pocket_figures.moved import forward
from benchmarks.report import Figure
from pipelines.families.pocket.animator import PocketAnimator
from pipelines.shapes import SIZES

LEAST_SHARE = 0.03
"""Of the picture that must move, and that must stand, for the two to be compared."""

INWARDS = 9
"""Pixels that are left out at the border of the two: flow does not know on which side it is."""

FPS = 24

NAMES = ("camera held: what moves against what is rigid", "camera held: rigid regions, a frame at 24 fps")


def held_figures(bench: Bench) -> list[Figure]:
    """Both figures, from optical flow between neighbouring frames."""
    speeds = (_speeds(bench.animator, photo, bench.effort.pairs) for photo in bench.labelled)
    found = [pair for pair in speeds if pair is not None]
    if not found:
        return [Figure(name, None, "", 0, 0, True, "no labelled photo has both") for name in NAMES]
    moving, rigid = (np.array(each) for each in zip(*found, strict=True))
    note = f"{len(found)} photos; {moving.mean():.3f} against {rigid.mean():.3f} pixels of 1024 a frame"
    return [
        Figure(NAMES[0], float(moving.mean() / max(rigid.mean(), 1e-6)), "x", 4, 10, False, note),
        Figure(NAMES[1], float(rigid.mean()), "px of 1024", 0.2, 0.05, True, f"worst photo {rigid.max():.3f}"),
    ]


def _speeds(animator: PocketAnimator, photo: Labelled, pairs: int) -> tuple[float, float] | None:
    """Pixels of 1024 a frame where it should move and where it should stand; None with too little of either."""
    moving, rigid = (_shrunk(mask) for mask in (photo.acting(MOVING), photo.rigid()))
    if min(moving.mean(), rigid.mean()) < LEAST_SHARE:
        return None
    renderer = animator.renderer(photo.still, photo.request(camera="hold"))
    step = 1 / (FPS * renderer.ambient.seconds)
    lengths = [_flow(renderer.frame(share), renderer.frame(share + step)) for share in np.linspace(0.3, 0.9, pairs)]
    mean = np.mean(lengths, 0)
    return float(mean[moving].mean()), float(mean[rigid].mean())


def _shrunk(mask: Mask) -> Mask:
    kernel = np.ones((2 * INWARDS + 1, 2 * INWARDS + 1), np.uint8)
    return np.asarray(cv2.erode(mask.astype(np.uint8), kernel) > 0, np.bool_)


def _flow(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.float64]:
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    grey = [cv2.cvtColor(each, cv2.COLOR_RGB2GRAY) for each in (one, other)]
    found = flow.calc(grey[0], grey[1], np.zeros((*grey[0].shape, 2), np.float32))
    return np.asarray(np.hypot(found[..., 0], found[..., 1]), np.float64)


def seeds_figures(bench: Bench) -> list[Figure]:
    """How alike the camera's fields of several seeds are."""
    cosines = []
    for file in bench.stills:
        still = framed(file, request_of(SIZES["Standard"]))
        renderers = [
            bench.animator.renderer(still, request_of(SIZES["Standard"], seed=seed, num_inference_steps=1))
            for seed in range(bench.effort.seeds)
        ]
        fields = [forward(renderer.deck, renderer.course, 64).ravel() for renderer in renderers]
        units = [field / max(float(np.linalg.norm(field)), 1e-9) for field in fields]
        cosines.append(float(np.mean([a @ b for a, b in itertools.combinations(units, 2)])))
    note = f"camera's last field, {bench.effort.seeds} seeds, {len(cosines)} stills; worst {max(cosines):.2f}"
    return [Figure("seeds: mean pairwise cosine", float(np.mean(cosines)), "", 0.5, 0.3, True, note)]
