"""The measure of looking: 1 for a model that cannot see, and well above it for one that can."""

from __future__ import annotations

import pytest
import torch

from pipelines.pocket.grid import cell_centres
from tests.training.scenery import photo
from training.held_out import (
    LEAST_STRUCTURE,
    held_out_scenes,
    looks_at_the_still,
    main_structure,
    structure,
    structure_share,
)
from training.scenes import Scene, SceneMaker


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return held_out_scenes(SceneMaker([photo(seed=seed) for seed in range(3)]), 6)


def test_held_out_scenes_are_always_the_same_and_show_parallax(scenes):
    torch.rand(3)
    again = held_out_scenes(SceneMaker([photo(seed=seed) for seed in range(3)]), 6)
    assert all(torch.equal(a.rates, b.rates) for a, b in zip(scenes, again, strict=True))
    assert all(structure_share(scene.rates) > LEAST_STRUCTURE for scene in scenes)


def test_a_model_that_knows_the_truth_is_seen_to_look(scenes):
    looking = looks_at_the_still(scenes, lambda scene, count: scene.rates.expand(count, -1, -1, -1, -1), 2)
    assert looking.own == pytest.approx(1, abs=1e-4)
    assert looking.ratio > 2


def test_a_model_that_draws_the_same_for_every_still_is_not(scenes):
    looking = looks_at_the_still(scenes, lambda scene, count: scenes[0].rates.expand(count, -1, -1, -1, -1), 2)
    others = looks_at_the_still(scenes[1:], lambda scene, count: scenes[0].rates.expand(count, -1, -1, -1, -1), 2)
    assert others.ratio == pytest.approx(1, abs=1e-4)
    assert looking.ratio < 3


def test_smooth_motion_has_no_structure():
    x, y = cell_centres(18, 32).unbind(-1)
    smooth = torch.stack([1 + x - y**2 + x * y**3, x**4 - 2 * y]).expand(13, -1, -1, -1)
    assert structure(smooth).abs().max() < 1e-4
    assert structure_share(smooth) < 1e-8


def test_a_sharp_edge_is_structure_and_its_pattern_is_found_whatever_the_direction():
    edge = (cell_centres(18, 32)[..., 0] > 0.3).float()
    right = torch.stack([edge, torch.zeros(18, 32)]).expand(13, -1, -1, -1)
    up_and_left = torch.stack([-0.4 * edge, -0.3 * edge]).expand(13, -1, -1, -1)
    assert structure_share(right) > 0.05
    assert abs(float(main_structure(right) @ main_structure(up_and_left))) == pytest.approx(1, abs=1e-3)
