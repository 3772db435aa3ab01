"""Where the places of one still are in another: by features, then by flow; and whether the two show the same at all."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.contract import RGB
from pipelines.families.pocket.masks import Floats

WIDTH = 384
"""Pixels across at which stills are compared."""

FEATURES, LEAST_MATCHES, LEAST_INLIERS = 1500, 30, 0.3
"""Of ORB; matches that agree on one plane, and their share, from which that plane is believed."""

WITHIN_PIXELS = 4.0
"""By which a match may miss the plane."""

WINDOW, ALIKE, TEXTURE = 15, 0.6, 4.0
"""Pixels of the window in which places are compared, their correlation from which they are the same, and the grey
levels by which a window must vary to tell anything."""

LEAST_ALIKE = 0.3
"""Share of what can be told that must be the same: of 23 pairs of unlike photos the most alike reached 0.19; of 24
photos turned, enlarged and darkened all but one 0.41 or more."""

SMOOTH = 0.02
"""Image widths over which places that are not the same follow those that are."""


def way_between(first: RGB, second: RGB) -> Floats | None:
    """Where each place of `first` is in `second`, less where it is, `[2, h, w]` in image widths; None where the two
    stills, uint8 `[H, W, 3]` of one size, show different things."""
    one, other = (_small_grey(each) for each in (first, second))
    plane = _plane_between(one, other)
    height, width = one.shape
    flat = cv2.warpPerspective(other, plane, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(one, flat, None)  # type: ignore[attr-defined]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    there = cv2.perspectiveTransform(np.stack([x, y], -1) + flow, plane)
    found = np.asarray(cv2.remap(other, there[..., 0], there[..., 1], cv2.INTER_LINEAR, borderValue=0), np.uint8)
    alike, told = _alike(one, found)
    if float(alike[told].mean() if told.any() else 0) < LEAST_ALIKE:
        return None
    field = (there - np.stack([x, y], -1)).transpose(2, 0, 1) / width
    return _followed(field, (alike & told).astype(np.float32))


def _small_grey(still: RGB) -> NDArray[np.uint8]:
    size = (WIDTH, max(2, round(WIDTH * still.shape[0] / still.shape[1])))
    return np.asarray(cv2.cvtColor(cv2.resize(still, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY), np.uint8)


def _plane_between(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The homography from one to the other that most features agree on; the identity where too few do."""
    orb = cv2.ORB_create(FEATURES)  # type: ignore[attr-defined]
    (points, words), (others, other_words) = (orb.detectAndCompute(each, None) for each in (one, other))
    if words is None or other_words is None:
        return np.eye(3)
    matches = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(words, other_words)
    if len(matches) < LEAST_MATCHES:
        return np.eye(3)
    here = np.array([points[match.queryIdx].pt for match in matches], np.float32)
    there = np.array([others[match.trainIdx].pt for match in matches], np.float32)
    cv2.setRNGSeed(0)
    plane, agree = cv2.findHomography(here, there, cv2.RANSAC, WITHIN_PIXELS)
    is_sure = plane is not None and agree.sum() >= LEAST_MATCHES and agree.mean() >= LEAST_INLIERS
    return np.asarray(plane, np.float64) if is_sure else np.eye(3)


def _alike(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which places look the same, whatever their brightness, and of which it can be told."""
    a, b = one.astype(np.float32), other.astype(np.float32)
    mean_a, mean_b, both, square_a, square_b = (
        cv2.boxFilter(each, -1, (WINDOW, WINDOW)) for each in (a, b, a * b, a * a, b * b)
    )
    spread_a, spread_b = (
        np.sqrt(np.maximum(square - mean * mean, 0)) for square, mean in ((square_a, mean_a), (square_b, mean_b))
    )
    same = (both - mean_a * mean_b) / np.maximum(spread_a * spread_b, 1e-3)
    return same > ALIKE, spread_a > TEXTURE


def _followed(field: Floats, sure: Floats) -> Floats:
    """The field where it is sure, carried on smoothly to where it is not."""
    sigma = SMOOTH * field.shape[2]
    weight = cv2.GaussianBlur(sure, (0, 0), sigma)
    far = cv2.GaussianBlur(sure, (0, 0), 8 * sigma) + np.float32(1e-6)
    smooth = []
    for part in field:
        near = cv2.GaussianBlur(part * sure, (0, 0), sigma)
        around = cv2.GaussianBlur(part * sure, (0, 0), 8 * sigma) / far
        smooth.append((near + around * np.float32(0.05)) / (weight + np.float32(0.05)))
    return np.asarray(np.stack(smooth), np.float32)
