"""Whether camera, arrows, still places and loops are as they were asked for."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.direction_figures.clips import FPS, FRAMES, asked, finished, flow, sight_of, still_of
from benchmarks.pocket_figures.bench import Bench
from benchmarks.report import Figure
from pipelines.contract import RGB
from pipelines.direction import FULL, direction_of
from pipelines.families.pocket.said import KINDS
from pipelines.outlines import filled

PATH = {"x": 525.0, "y": 480.0, "zoom": 1.15}
"""Where the camera ends: a usual move, small enough to be fitted on one photo after the other."""

AROUND = 0.14
"""Image widths around the aim in which the camera is fitted: what is nearer or farther shifts against it."""

SPEED = 0.04
"""Image widths a second of the arrows."""


def camera_figures(bench: Bench) -> list[Figure]:
    """The fitted way of the place that the camera aims at, against the asked one."""
    errors = []
    for file in bench.stills:
        still = still_of(file)
        aim = np.array(sight_of(still).interest)
        place = {"aim": [round(FULL * float(each), 1) for each in aim]}
        frames = finished(bench, still, asked({"camera": {"keys": [{}, {"t": 1, **PATH}], **place}}))
        fitted = _similarity(frames[0], frames[-1], aim)
        if fitted is not None:
            errors.append(_error(fitted, aim, still.shape[1], still.shape[0]))
    note = (
        f"{len(errors)} of {len(bench.stills)} photos fitted; median {np.median(errors):.1%}, worst {max(errors):.1%}"
    )
    return [Figure("camera: fitted path against the asked one", float(np.mean(errors)) * 100, "%", 5, 1, True, note)]


def _similarity(one: RGB, other: RGB, aim: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The similarity `[2, 3]` in pixels that brings what is around the aim from one frame into the other."""
    height, width = one.shape[:2]
    grey = [cv2.cvtColor(each, cv2.COLOR_RGB2GRAY) for each in (one, other)]
    around = np.zeros((height, width), np.uint8)
    cv2.circle(around, (round(aim[0] * width), round(aim[1] * height)), round(AROUND * width), 255, -1)
    sift = cv2.SIFT_create()  # type: ignore[attr-defined]
    (points, marks), (others, their_marks) = (
        sift.detectAndCompute(grey[0], around),
        sift.detectAndCompute(grey[1], None),
    )
    if marks is None or their_marks is None or len(marks) < LEAST or len(their_marks) < LEAST:
        return None
    pairs = [
        p
        for p in cv2.BFMatcher().knnMatch(marks, their_marks, k=2)
        if len(p) == 2 and p[0].distance < 0.75 * p[1].distance
    ]
    if len(pairs) < LEAST:
        return None
    source = np.array([points[p[0].queryIdx].pt for p in pairs])
    target = np.array([others[p[0].trainIdx].pt for p in pairs])
    found, inliers = cv2.estimateAffinePartial2D(source, target, ransacReprojThreshold=1.0)
    return np.asarray(found, np.float64) if found is not None and int(inliers.sum()) >= LEAST else None


LEAST = 8
"""Matched places below which nothing is fitted."""


def _error(fitted: NDArray[np.float64], aim: NDArray[np.float64], width: int, height: int) -> float:
    """How far places around the aim are from where they were asked to be, as a share of how far the picture goes."""
    here = aim * [width, height] + AROUND * width * np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]])
    corners = np.array([[0, 0], [width - 1, 0], [0, height - 1], [width - 1, height - 1]], np.float64)
    found = here @ fitted[:, :2].T + fitted[:, 2]
    off = np.hypot(*(found - _asked_for(here, width, height)).T).mean()
    return float(off / np.hypot(*(_asked_for(corners, width, height) - corners).T).mean())


def _asked_for(places: NDArray[np.float64], width: int, height: int) -> NDArray[np.float64]:
    """Where places of the first frame, in pixels, should be in the last one."""
    centre = np.array([PATH["x"] / FULL * width - 0.5, PATH["y"] / FULL * height - 0.5])
    return np.asarray((places - centre) * PATH["zoom"] + [(width - 1) / 2, (height - 1) / 2], np.float64)


def arrow_figures(bench: Bench) -> list[Figure]:
    """Direction and length of what moves under an arrow, on the place of each photo that shows a flow best."""
    angles, lengths = [], []
    for number, file in enumerate(bench.stills):
        still = still_of(file)
        ends, way = _drawn(still, 45.0 * (2 * number + 1))
        frames = finished(bench, still, asked({"only": True, "arrows": [{"path": ends.tolist(), "speed": SPEED}]}))
        found = _under(frames, ends)
        angles.append(float(np.degrees(np.arccos(np.clip(found @ way / np.hypot(*found), -1, 1)))))
        lengths.append(abs(float(np.hypot(*found)) / SPEED - 1) * 100)
    return [
        Figure(
            "arrow: direction of what moves under it", float(np.median(angles)), "degrees", 10, 3, True, _spread(angles)
        ),
        Figure("arrow: length of what moves under it", float(np.median(lengths)), "%", 15, 5, True, _spread(lengths)),
    ]


def _spread(values: list[float]) -> str:
    return f"median of {len(values)} photos; mean {np.mean(values):.1f}, worst {max(values):.1f}"


def _drawn(still: RGB, degrees: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """An arrow in thousandths, and its way, in the middle of the most patterned part of one kind."""
    height, width = still.shape[:2]
    sight = sight_of(still)
    kinds = np.argmax(np.stack([sight.share_of(*names) for names in KINDS]), 0)
    grey = cv2.cvtColor(still, cv2.COLOR_RGB2GRAY).astype(np.float32)
    pattern = cv2.blur(np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 4)), (61, 61))
    room = np.max(
        [cv2.distanceTransform((kinds == kind).astype(np.uint8), cv2.DIST_L2, 5) for kind in range(len(KINDS))], 0
    )
    inside = np.zeros_like(grey)
    edge = round(HALF * width) + 4
    inside[edge:-edge, edge:-edge] = 1
    y, x = np.unravel_index(np.argmax(np.minimum(room, 0.05 * width) * pattern * inside), grey.shape)
    way = np.array([np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))])
    ends = np.array([x, y]) + np.outer([-HALF, HALF], way) * width
    return ends / [width, height] * FULL, way


HALF = 0.07
"""Image widths from the middle of an arrow to its ends."""


def _under(frames: RGB, ends: NDArray[np.float64]) -> NDArray[np.float64]:
    """Image widths a second along the middle of an arrow, the median over places and over moments."""
    height, width = frames.shape[1:3]
    spots = [ends[0] + share * (ends[1] - ends[0]) for share in np.linspace(0.2, 0.8, 13)]
    seen = []
    for index in range(FRAMES // 3, FRAMES - 1, 4):
        moved = flow(frames[index], frames[index + 1])
        seen += [moved[int(y / FULL * height), int(x / FULL * width)] for x, y in spots]
    return np.asarray(np.median(seen, 0) * FPS / width, np.float64)


def untouched_figures(bench: Bench) -> list[Figure]:
    """Pixels that were told to keep still and differ, before encoding."""
    part = [[300, 300], [700, 300], [700, 700], [300, 700]]
    differ = 0
    for file in bench.stills:
        still = still_of(file)
        size = (still.shape[0], still.shape[1])
        arrow = {"path": [[100, 500], [900, 500]], "speed": SPEED}
        only = {"only": True, "regions": [{"outlines": [part], "do": "sway", "strength": 3}]}
        kept = {"arrows": [arrow], "regions": [{"outlines": [part], "do": "still"}]}
        inside = filled(direction_of(only).regions[0].outlines, *size)
        for said, still_part in ((only, ~inside), (kept, inside)):
            renderer = bench.animator.renderer(still, asked(said))
            for share in (0.37, 1.0):
                differ += int(((renderer.frame(share) != still).any(2) & still_part).sum())
    return [Figure("anchors and only this moves: other pixels that differ", differ, "pixels", 0, 0, True)]


def loop_figures(bench: Bench) -> list[Figure]:
    """The step from the last frame to the first against the usual step, the camera and everything else moving."""
    ratios = []
    for file in bench.stills:
        frames = finished(bench, still_of(file), asked({"loop": True}, camera="auto")).astype(np.int16)
        steps = [float(np.abs(a - b).mean()) for a, b in zip(frames, np.roll(frames, -1, 0), strict=True)]
        ratios.append(steps[-1] / float(np.median(steps)))
    note = f"median of {len(ratios)} photos; mean {np.mean(ratios):.2f}, worst {max(ratios):.2f}"
    return [
        Figure(
            "loop: step from last to first frame against the median step",
            float(np.median(ratios)),
            "x",
            1.2,
            1.0,
            True,
            note,
        )
    ]
