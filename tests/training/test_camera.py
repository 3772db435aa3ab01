"""Cameras against what geometry says."""

from __future__ import annotations

import random

import pytest
import torch

from pipelines.pocket.grid import cell_centres, half_width
from training.camera import MOVES, Camera, draw_camera, draw_progress, draw_shake, poses, read_map

CELLS = cell_centres(18, 32).flatten(0, 1)
A = half_width(18, 32)
TAU = torch.arange(1, 14) / 13
CALM = torch.zeros(13, 3)


def path(turn=(0.0, 0.0, 0.0), travel=(0.0, 0.0, 0.0), focal=2.0):
    return poses(Camera(turn, travel, focal), TAU, CALM)


def test_a_sideways_step_moves_a_plane_by_travel_times_nearness():
    found = path(travel=(0.3, -0.1, 0.0)).plane_back(CELLS, 0.5)
    expected = -2.0 * 0.5 * TAU[:, None, None] * torch.tensor([0.3, -0.1])
    assert torch.allclose(found - CELLS, expected.expand_as(found), atol=1e-5)


def test_an_approach_moves_a_plane_away_from_the_middle():
    found = path(travel=(0.0, 0.0, -0.4)).plane_back(CELLS, 0.5)
    assert torch.allclose(found, CELLS * (1 - 0.2 * TAU)[:, None, None], atol=1e-5)


def test_a_roll_turns_about_the_middle():
    found = path(turn=(0.0, 0.0, 0.2)).plane_back(CELLS, 0.5)
    assert torch.allclose(found.norm(dim=-1), CELLS.norm(dim=-1).expand(13, -1), atol=1e-5)
    turned = found[-1] @ torch.tensor([1.0, 0.0]) / CELLS.norm(dim=-1)
    angle = torch.atan2(CELLS[:, 1], CELLS[:, 0])
    assert torch.allclose(turned, torch.cos(angle - 0.2), atol=1e-4)


def test_turning_moves_near_and_far_alike():
    turning = path(turn=(0.05, 0.2, 0.0))
    assert torch.allclose(turning.plane_back(CELLS, 0.05), turning.plane_back(CELLS, 0.9), atol=1e-5)


def test_stepping_moves_what_is_near_further():
    stepping = path(travel=(0.2, 0.0, 0.0))
    near, far = (stepping.plane_back(CELLS, depth) - CELLS for depth in (0.8, 0.1))
    assert torch.allclose(near, 8 * far, atol=1e-4)


def test_backwards_undoes_forwards():
    mixed = path((0.05, -0.1, 0.1), (0.2, 0.1, -0.3))
    found = mixed.plane_back(CELLS, 0.4)
    back = mixed.forward(found, torch.full(found.shape[:2], 0.4))
    assert torch.allclose(back, CELLS.expand_as(back), atol=1e-4)


def test_a_flat_relief_is_a_plane():
    mixed = path((0.02, -0.05, 0.03), (0.1, 0.05, -0.1))
    relief = mixed.relief_back(CELLS, torch.full((144, 256), 0.4), A)
    assert torch.allclose(relief, mixed.plane_back(CELLS, 0.4), atol=3e-3)


def test_a_sloping_relief_leads_back_to_where_it_came_from():
    """Warping back: what the iteration found must arrive at the cells that asked."""
    ground = torch.linspace(0.05, 0.5, 144)[:, None].expand(144, 256)
    mixed = path((0.0, -0.05, 0.02), (0.15, 0.03, -0.1))
    found = mixed.relief_back(CELLS, ground, A)
    arrived = mixed.forward(found, read_map(ground, found, A))
    inside = found.abs() < torch.tensor([A, 1 / A])
    missed = (arrived - CELLS).abs()[inside]
    assert missed.max() < 0.01, "an eighth of a cell"


def test_maps_are_read_at_canonical_places():
    x = cell_centres(144, 256)[..., 0]
    assert torch.allclose(read_map(x, CELLS[None], A)[0], CELLS[:, 0], atol=1e-4)


def test_every_move_is_drawn_and_can_be_scaled():
    random.seed(0)
    cameras = [draw_camera(0.3) for _ in range(200)]
    assert all(1.4 <= camera.focal <= 2.6 for camera in cameras)
    twice = cameras[0].scaled(2)
    assert twice.turn == pytest.approx([2 * angle for angle in cameras[0].turn])
    assert twice.travel == pytest.approx([2 * step for step in cameras[0].travel])
    assert sum(MOVES.values()) > 0


def test_progress_starts_at_rest_rises_and_arrives():
    random.seed(1)
    for _ in range(50):
        progress = draw_progress(TAU)
        assert progress[-1] == pytest.approx(1.0)
        assert (progress.diff() >= 0).all()
        assert progress[0] >= 0


def test_shake_stays_small():
    random.seed(2)
    shakes = torch.stack([draw_shake(TAU, 2.0) for _ in range(50)])
    assert shakes.abs().max() <= 0.006
    assert 0.02 < (shakes.flatten(1).abs().sum(1) > 0).float().mean() < 0.6
