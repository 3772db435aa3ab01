"""Labels of photos: what each region is, and how far it goes."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.eyes.materials import MATERIALS
from pipelines.families.pocket.happening import Happening
from training.eyes.labels import Labels, numbers_in, read_labels
from training.eyes.views import interest_map
from training.pocket.acts import fields_of, mirrored


@pytest.fixture
def labelled(tmp_path: Path) -> Labels:
    """Sky above, ground that recedes below it, a person in front, and a region that no line names."""
    numbers = np.zeros((40, 60), np.uint8)
    numbers[20:], numbers[25:35, 20:30], numbers[:5, :5] = 1, 2, 3
    (tmp_path / "maps").mkdir()
    cv2.imwrite(str(tmp_path / "maps" / "walk.png"), numbers)
    (tmp_path / "materials.txt").write_text("walk | horizon=50 | photo | k9:0 | g1-6:1 | p2:2\n")
    motions = "walk | look=40,75 | moves=in:6,left:4 | depth=7 | drift 180 5:0 | breathe 4:2 | sway 3:3"
    (tmp_path / "motions.txt").write_text(motions + "\n")
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


def test_what_would_happen_next_is_read(labelled: Labels) -> None:
    assert labelled.look == (0.4, 0.75)
    assert labelled.moves == {"in": 6, "left": 4}
    assert [(act.action, act.angle, act.strength, act.regions) for act in labelled.acts] == [
        ("drift", 180, 5, (0,)),
        ("breathe", None, 4, (2,)),
        ("sway", None, 3, (3,)),
    ]


def test_acts_become_fields_and_a_mirror_turns_their_way(labelled: Labels) -> None:
    happening = Happening(fields_of(labelled, (20, 30)))
    x, y = happening.velocity("drift")
    assert (x[6, 15], y[6, 15]) == (pytest.approx(-1), pytest.approx(0, abs=1e-6))
    assert x[18, 5] == 0
    assert happening.strength("breathe")[15, 12] == pytest.approx(0.8)
    seen = Happening(mirrored(happening.fields))
    assert seen.velocity("drift")[0][6, 14] == pytest.approx(1)
    assert seen.strength("breathe")[15, 29 - 12] == pytest.approx(0.8)


def test_the_point_of_interest_is_the_likeliest_place() -> None:
    likely = interest_map((0.25, 0.75), (20, 40))
    assert likely.sum() == pytest.approx(1)
    assert np.unravel_index(likely.argmax(), likely.shape) in {(14, 9), (14, 10), (15, 9), (15, 10)}
