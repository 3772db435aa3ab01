"""Camera right: do near things go farther, does the background stand free of the subject, does straight stay so?"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.pocket_figures.bench import Bench
from benchmarks.pocket_figures.labelled import WIDTH, Labelled
from benchmarks.pocket_figures.moved import Floats, forward
from benchmarks.report import Figure
from pipelines.families.pocket.render import Renderer

COLUMNS = 512

LEAST_REGION = 0.005
"""Share of the picture below which a region is not asked about."""

JUST_OUTSIDE, FARTHER = (0.008, 0.02), (0.06, 0.1)
"""Rings around a subject, in image widths: what might be dragged along, and what surely is background."""

LONG_LINE, POINTS = 0.1, 24
"""Image widths from which a segment is long, and how many of its points are followed."""

NEARNESS, RUBBER, STRAIGHT = (
    "camera right: rank correlation of labelled nearness with displacement",
    "rubber: share of the subject's own motion just outside its outline",
    "straight stays straight: bend of long segments",
)


def camera_figures(bench: Bench) -> list[Figure]:
    """The three figures, from the cards of each photo, the camera travelling left."""
    ranks, shares, bends = [], [], []
    for photo in bench.labelled:
        renderer = bench.animator.renderer(photo.still, photo.request(camera="left", num_inference_steps=1))
        field = forward(renderer.deck, renderer.course, COLUMNS)
        ranks += _rank(photo, field)
        shares += _dragged(renderer, field)
        bends += _bends(photo, field)
    return [
        _figure(NEARNESS, ranks, (0.75, 0.9), False, ""),
        _figure(RUBBER, shares, (0.2, 0.05), True, ""),
        _figure(STRAIGHT, bends, (1.0, 0.3), True, "px of 1024"),
    ]


def _figure(name: str, values: list[float], bounds: tuple[float, float], lower: bool, unit: str) -> Figure:
    if not values:
        return Figure(name, None, unit, *bounds, lower, "no labelled photo has any")
    note = f"mean of {len(values)}; median {np.median(values):.3f}, worst {(max if lower else min)(values):.3f}"
    return Figure(name, float(np.mean(values)), unit, *bounds, lower, note)


def _rank(photo: Labelled, field: Floats) -> list[float]:
    size = (field.shape[2], field.shape[1])
    numbers = cv2.resize(photo.numbers, size, interpolation=cv2.INTER_NEAREST)
    near = -cv2.resize(photo.distance(), size, interpolation=cv2.INTER_NEAREST)
    length = field[0]
    regions = [numbers == number for number in np.unique(numbers)]
    regions = [region for region in regions if region.mean() > LEAST_REGION]
    pairs = np.array([(near[region].mean(), length[region].mean()) for region in regions])
    if len(pairs) < 5 or np.ptp(pairs[:, 0]) < 1 or np.ptp(pairs[:, 1]) < 1e-6:
        return []
    first, second = (_ranks(column) for column in pairs.T)
    return [float(np.corrcoef(first, second)[0, 1])]


def _ranks(values: Floats) -> Floats:
    """Ranks, those of ties being their mean."""
    order = np.sort(values)
    return (np.searchsorted(order, values, "left") + np.searchsorted(order, values, "right")) / 2


def _dragged(renderer: Renderer, field: Floats) -> list[float]:
    subject = renderer.deck.subject
    if subject is None:
        return []
    inside = cv2.resize(subject.astype(np.uint8), (field.shape[2], field.shape[1]), interpolation=cv2.INTER_AREA) > 0
    away = cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) / field.shape[2]
    outside, farther = ((low < away) & (away < high) for low, high in (JUST_OUTSIDE, FARTHER))
    if not (outside.any() and farther.any()):
        return []
    own = np.median(field[0][inside]) - np.median(field[0][farther])
    if abs(own) * WIDTH < 1:
        return []
    taken = np.median(field[0][outside]) - np.median(field[0][farther])
    return [float(np.clip(taken / own, 0, 1))]


def _bends(photo: Labelled, field: Floats) -> list[float]:
    """How far the middle of each long segment on rigid regions leaves the line between its ends, in pixels of 1024."""
    rigid = cv2.erode(photo.rigid().astype(np.uint8), np.ones((5, 5)))
    grey = cv2.cvtColor(photo.still, cv2.COLOR_RGB2GRAY)
    lines = cv2.createLineSegmentDetector().detect(grey)[0]
    found = []
    for x0, y0, x1, y1 in [] if lines is None else lines.reshape(-1, 4):
        if np.hypot(x1 - x0, y1 - y0) < LONG_LINE * WIDTH:
            continue
        x, y = np.linspace(x0, x1, POINTS), np.linspace(y0, y1, POINTS)
        if rigid[_within(y, rigid.shape[0]), _within(x, rigid.shape[1])].all():
            found.append(_bend(np.stack([x, y], 1), field))
    return found


def _bend(points: Floats, field: Floats) -> float:
    scale = field.shape[2] / WIDTH
    columns, rows = (_within(points[:, axis] * scale, field.shape[2 - axis]) for axis in (0, 1))
    seen: NDArray[np.float64] = points + field[:, rows, columns].T * WIDTH
    # the line was not quite straight before: only what the camera adds counts
    return float(np.abs(_off_line(seen) - _off_line(points)).max())


def _within(places: Floats, limit: int) -> NDArray[np.int64]:
    return np.clip(places.astype(np.int64), 0, limit - 1)


def _off_line(points: Floats) -> Floats:
    along = points[-1] - points[0]
    return np.asarray((points - points[0]) @ np.array([-along[1], along[0]]) / max(float(np.hypot(*along)), 1e-9))
