"""Labels of photos: what each region is, and how far it goes."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.eyes.materials import MATERIALS
from training.eyes.labels import Labels, numbers_in, read_labels


@pytest.fixture
def labelled(tmp_path: Path) -> Labels:
    """Sky above, ground that recedes below it, a person in front, and a region that no line names."""
    numbers = np.zeros((40, 60), np.uint8)
    numbers[20:], numbers[25:35, 20:30], numbers[:5, :5] = 1, 2, 3
    (tmp_path / "maps").mkdir()
    cv2.imwrite(str(tmp_path / "maps" / "walk.png"), numbers)
    (tmp_path / "materials.txt").write_text("walk | horizon=50 | photo | k9:0 | g1-6:1 | p2:2\n")
    [labels] = read_labels(tmp_path)
    return labels


def test_each_place_has_its_material(labelled: Labels) -> None:
    found = labelled.materials()
    at = {"sky": (10, 30), "ground": (22, 50), "living": (30, 25), "solid": (2, 2)}
    assert {MATERIALS[found[place]]: place for place in at.values()} == at


def test_ground_recedes_from_its_foot(labelled: Labels) -> None:
    distance = labelled.distance()
    assert (distance[20, 50], distance[39, 50]) == (6, 1)
    assert (np.diff(distance[20:, 50]) < 0).all()
    assert (distance[10, 30], distance[30, 25]) == (9, 2)


def test_regions_are_named_one_by_one_and_in_runs() -> None:
    assert list(numbers_in("1,4-6, 9")) == [1, 4, 5, 6, 9]
