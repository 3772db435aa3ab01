"""The studio's eyes find what a person would call the subject."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

from pipelines.subject import SIDE, WEIGHTS, KeptNetwork, subject_mask

SHIPPED_STILLS = Path(__file__).parents[2] / "assets" / "stills"


def still(name: str, width: int = 400):
    bgr = cv2.imread(str(SHIPPED_STILLS / f"{name}.jpg"))
    height = round(width * bgr.shape[0] / bgr.shape[1])
    return np.asarray(cv2.resize(bgr[..., ::-1], (width, height), interpolation=cv2.INTER_AREA), np.uint8)


@pytest.mark.parametrize("shape", [(64, 64), (100, 900), (901, 77), (321, 319)])
def test_a_mask_has_the_stills_size_and_is_a_share(shape):
    rgb = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    mask = subject_mask(rgb)
    assert mask.shape == shape
    assert mask.dtype == np.float32
    assert np.isfinite(mask).all()
    assert mask.min() >= 0
    assert mask.max() <= 1


@pytest.mark.parametrize("level", [0, 1, 128, 255])
def test_a_plain_still_has_a_mask_too(level):
    assert np.isfinite(subject_mask(np.full((90, 160, 3), level, np.uint8))).all()


def test_the_cat_is_found():
    mask = subject_mask(still("cat"))
    sure = mask > 0.5
    rows, columns = np.nonzero(sure)
    assert 0.1 < sure.mean() < 0.8
    assert mask[rows, columns].mean() > 0.85
    height, width = mask.shape
    assert mask[int(0.45 * height) : int(0.65 * height), int(0.35 * width) : int(0.55 * width)].mean() > 0.9
    assert mask[: height // 6, -width // 6 :].mean() < 0.3, "the corner is backdrop"


def test_it_is_the_picture_that_decides_not_the_place():
    rgb = still("cat")
    mask, mirrored = subject_mask(rgb), subject_mask(np.ascontiguousarray(rgb[:, ::-1]))
    assert np.abs(mirrored[:, ::-1] - mask).mean() < 0.1
    assert np.corrcoef(mirrored[:, ::-1].ravel(), mask.ravel())[0, 1] > 0.9


def test_the_same_still_gives_the_same_mask_whatever_was_asked_between():
    rgb = still("osprey")
    first = subject_mask(rgb)
    subject_mask(still("lake"))
    assert np.array_equal(subject_mask(rgb), first)


def test_a_bright_thing_on_plain_ground_is_the_subject():
    rgb = np.full((180, 320, 3), 60, np.uint8)
    cv2.circle(rgb, (100, 90), 45, (240, 80, 40), -1)
    mask = subject_mask(rgb)
    assert mask[70:110, 80:120].mean() > 0.8
    assert mask[:, 200:].mean() < 0.1


def test_a_small_and_a_large_copy_have_the_same_subject():
    small, large = subject_mask(still("cat", 400)), subject_mask(still("cat", 1200))
    assert np.abs(cv2.resize(large, small.shape[::-1], interpolation=cv2.INTER_AREA) - small).mean() < 0.1


def test_the_network_is_where_its_licence_is():
    assert WEIGHTS.exists()
    assert "Apache" in (WEIGHTS.parent / "README.md").read_text()


def test_people_who_upload_at_once_each_get_the_mask_of_their_own_still():
    stills = [still(name) for name in ("cat", "lake", "otters", "heron")]
    alone = [subject_mask(rgb) for rgb in stills]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(subject_mask, stills * 4))
    for mask, truth in zip(together, alone * 4, strict=True):
        np.testing.assert_array_equal(mask, truth)


def memory_mb() -> float:
    return psutil.Process().memory_info().rss / 1e6


def test_the_network_leaves_memory_when_nobody_asks_and_comes_back():
    network = KeptNetwork(kept_s=0.2)
    batch = np.random.default_rng(0).random((1, 3, SIDE, SIDE), np.float32)
    before, first = memory_mb(), network.forward(batch)
    grown = memory_mb() - before
    deadline = time.monotonic() + 60
    while network.is_loaded and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not network.is_loaded
    assert memory_mb() - before < grown / 2
    np.testing.assert_array_equal(network.forward(batch), first)


def test_a_network_that_is_asked_for_stays():
    network = KeptNetwork(kept_s=3600)
    batch = np.zeros((1, 3, SIDE, SIDE), np.float32)
    network.forward(batch)
    network._let_go()
    assert network.is_loaded, "only the newest wait for it to be idle counts"
