"""Scenes are exact ground truth: the same for a seed, of unit strength, and true to their geometry."""

from __future__ import annotations

import math
import random

import cv2
import numpy as np
import pytest
import torch

from pipelines.pocket.amplitude import bucket_of
from pipelines.pocket.denoiser import EYES
from pipelines.pocket.grid import CELL, cell_centres, half_width, latent_shape
from pipelines.pocket.layers import LAYERS, compose, enlarge
from tests.training.scenery import photo
from training.camera import Camera
from training.objects import undo_motion
from training.scenes import MOMENTS, Layer, SceneMaker, Stage, _film

SHAPE = (18, 32)
CELLS = cell_centres(*SHAPE).flatten(0, 1)
PLACES = cell_centres(*latent_shape(*SHAPE)).flatten(0, 1)
TAU = torch.arange(1, MOMENTS + 1) / MOMENTS


@pytest.fixture(scope="module")
def maker() -> SceneMaker:
    return SceneMaker([photo(seed=seed, subject=seed % 2 == 0) for seed in range(4)])


@pytest.fixture
def steady(monkeypatch):
    """Cameras that move evenly and do not shake."""
    monkeypatch.setattr("training.scenes.draw_progress", lambda tau: tau)
    monkeypatch.setattr("training.scenes.draw_shake", lambda tau, seconds: torch.zeros(len(tau), 3))


def drawn(maker, seed, shape=SHAPE):
    random.seed(seed)
    torch.manual_seed(seed)
    return maker.draw(*shape)


def filmed(camera, depth, things=(), relief=None, raised=None):
    """Rates and layers of a wall at this inverse depth, with things in front, and with a relief."""
    wall, rgb = torch.full((144, 256), depth), photo().rgb[:144, :256]
    relief = torch.zeros(144, 256) if relief is None else relief
    raised = wall if raised is None else torch.full((144, 256), raised)
    return _film(Stage(rgb, relief, wall, raised, list(things)), camera, SHAPE, 2.0)


def standing(depth, left=96, right=160, moves=False):
    """A thing between two columns, as high as the picture."""
    mask = torch.zeros(144, 256)
    mask[:, left:right] = 1
    return Layer(mask, depth, moves)


def test_the_same_seed_draws_the_same_scene(maker):
    first, again, other = drawn(maker, 3), drawn(maker, 3), drawn(maker, 4)
    assert torch.equal(first.rates, again.rates)
    assert torch.equal(first.eyes, again.eyes)
    assert torch.equal(first.layers, again.layers)
    assert (first.seconds, first.travelled) == (again.seconds, again.travelled)
    assert not torch.equal(first.rates, other.rates)


@pytest.mark.parametrize("shape", [(18, 32), (32, 18), (24, 24)])
def test_scenes_have_unit_strength_and_sane_controls(maker, shape):
    for seed in range(5):
        scene = drawn(maker, seed, shape)
        assert scene.rates.shape == (MOMENTS, 2, *shape)
        assert scene.layers.shape == (len(LAYERS), MOMENTS, 2, *latent_shape(*shape))
        assert torch.isfinite(scene.layers).all()
        assert scene.eyes.shape == (EYES, 8 * shape[0], 8 * shape[1])
        assert scene.eyes.dtype == torch.uint8
        assert torch.isfinite(scene.rates).all()
        assert scene.rates.square().sum(1).mean().sqrt() == pytest.approx(1, abs=1e-3)
        assert 0.5 < scene.seconds < 3
        assert 1 <= bucket_of(scene.travelled / scene.seconds) <= 255


def test_a_camera_that_stands_still_moves_nothing(steady):
    rates, layers = filmed(Camera((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), 2.0), 0.4, [standing(0.6)])
    assert rates.abs().max() < 1e-5
    assert layers.abs().max() < 1e-5


def test_a_sidestep_before_a_wall_has_the_analytic_rates(steady):
    rates, _ = filmed(Camera((0.0, 0.0, 0.0), (0.2, -0.1, 0.0), 2.0), 0.5)
    assert torch.allclose(rates[:, 0], torch.full_like(rates[:, 0], -0.2), atol=1e-3)
    assert torch.allclose(rates[:, 1], torch.full_like(rates[:, 1], 0.1), atol=1e-3)


def test_a_turn_before_a_wall_is_its_homography(steady):
    angle, focal = 0.1, 2.0
    rates, layers = filmed(Camera((0.0, angle, 0.0), (0.0, 0.0, 0.0), focal), 0.5)
    assert torch.allclose(rates[-1], turned(CELLS, angle, focal).unflatten(-1, SHAPE), atol=2e-3)
    assert torch.allclose(layers[0, -1], turned(PLACES, angle, focal).unflatten(-1, latent_shape(*SHAPE)), atol=2e-3)
    assert layers[1:].abs().max() < 1e-5, "a wall has neither relief nor subject"


def turned(places, angle, focal):
    """How far places `[N, 2]` are displaced by a turn about the upright axis: a rotation and a division by depth."""
    x, y = (places / focal).T
    cos, sin = math.cos(angle), math.sin(angle)
    return focal * torch.stack([cos * x - sin, y]) / (cos + sin * x) - places.T


def test_a_thing_in_front_moves_with_its_own_plane_and_the_rest_with_the_wall(steady):
    rates, _ = filmed(Camera((0.0, 0.0, 0.0), (0.1, 0.0, 0.0), 2.0), 0.1, [standing(0.6)])
    assert rates[0, 0, 10, 16] == pytest.approx(-2 * 0.1 * 0.6, abs=1e-3)
    assert rates[0, 0, 10, 2] == pytest.approx(-2 * 0.1 * 0.1, abs=1e-3)


def test_a_thing_in_front_covers_the_wall_where_it_goes(steady):
    """Backward fields: a cell belongs to the thing if the thing is there at that moment, not if it was at the start."""
    rates, _ = filmed(Camera((0.0, 0.0, 0.0), (0.5, 0.0, 0.0), 2.0), 0.02, [standing(0.5)])
    cells_moved = round(0.5 / CELL)
    assert rates[-1, 0, 9, 20 + cells_moved - 2] == pytest.approx(-0.5, abs=0.02)
    assert rates[-1, 0, 9, 13] == pytest.approx(-0.02, abs=0.02)


def test_the_layers_join_to_the_true_motion(steady):
    """Away from the outlines, where the true motion is the mixture that softened masks make of it."""
    relief = torch.zeros(144, 256)
    relief[72:] = 1
    things = [standing(0.6)]
    rates, layers = filmed(Camera((0.0, 0.0, 0.0), (0.02, 0.0, 0.0), 2.0), 0.1, things, relief, raised=0.3)
    masks = (cv2.resize(m.numpy(), SHAPE[::-1], interpolation=cv2.INTER_AREA) for m in (relief, things[0].mask))
    joined = compose(enlarge(layers.numpy(), SHAPE), *masks)
    apart = np.abs(joined - rates.numpy())
    apart[..., 7:11, :] = 0
    apart[..., 10:14] = apart[..., 18:22] = 0
    assert apart.max() < 1e-3


def test_two_things_each_keep_their_own_shift(steady):
    camera = Camera((0.0, 0.0, 0.0), (0.02, 0.0, 0.0), 2.0)
    things = [standing(0.4, 16, 64), standing(0.8, 192, 240)]
    _, layers = filmed(camera, 0.1, things)
    shift = layers[2, -1, 0, 4]
    assert shift[2] == pytest.approx(-2 * 0.02 * 0.3, abs=2e-3)
    assert shift[13] == pytest.approx(-2 * 0.02 * 0.7, abs=2e-3)
    assert (shift.diff() <= 1e-5).all(), "it passes over smoothly in between"


def test_the_mask_in_the_eyes_is_what_stands_in_front(maker):
    seen = [drawn(maker, seed).eyes[3].float().mean() / 255 for seed in range(12)]
    assert max(seen) > 0.03
    empty = SceneMaker([photo(subject=False)])
    assert drawn(empty, 0).eyes[3].max() == 0


@pytest.mark.parametrize("seed", range(6))
def test_a_thing_that_moves_on_its_own_keeps_its_shape(seed):
    random.seed(seed)
    mask = torch.zeros(144, 256)
    mask[40:120, 96:160] = 1
    found = undo_motion(CELLS.expand(MOMENTS, -1, -1), mask, half_width(*SHAPE), (TAU, 2.0))
    apart = (found[:, 1:] - found[:, :1]).norm(dim=-1) / (CELLS[1:] - CELLS[:1]).norm(dim=-1)
    assert torch.allclose(apart, apart[:, :1].expand_as(apart), atol=1e-3), "only turned, shifted and grown"
    assert apart.min() > 0.6
    assert apart.max() < 1.7
