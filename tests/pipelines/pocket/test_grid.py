"""Cells are square and equally large for every shape of still; the motion control means a displacement."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from pipelines.pocket.amplitude import SPEED_AT_127, bucket_of, speed
from pipelines.pocket.grid import CELL, CELLS, cell_centres, grid_shape, half_width, latent_shape, widths_per_unit


@pytest.mark.parametrize(
    ("size", "shape"),
    [((576, 1024), (18, 32)), ((1024, 576), (32, 18)), ((768, 768), (24, 24)), ((320, 576), (18, 32))],
)
def test_the_field_has_the_stills_shape(size, shape):
    assert grid_shape(*size) == shape


@pytest.mark.parametrize("shape", [(18, 32), (17, 33), (4, 136)])
def test_a_latent_has_a_place_for_two_by_two_cells(shape):
    rows, columns = latent_shape(*shape)
    assert (rows, columns) == (math.ceil(shape[0] / 2), math.ceil(shape[1] / 2))


@pytest.mark.parametrize("size", [(64, 64), (64, 2048), (2048, 64), (512, 704), (1024, 576)])
def test_every_still_gets_about_as_many_cells(size):
    rows, columns = grid_shape(*size)
    assert abs(rows * columns - CELLS) < 0.1 * CELLS


@pytest.mark.parametrize("shape", [(18, 32), (32, 18), (24, 24)])
def test_cells_are_square_and_span_the_still(shape):
    centres = cell_centres(*shape)
    steps = torch.cat([centres[:, 1:, 0].diff().flatten(), centres[1:, :, 1].diff(dim=0).flatten()])
    assert torch.allclose(steps, torch.full_like(steps, CELL), atol=1e-3)
    assert centres[0, -1, 0] + CELL / 2 == pytest.approx(half_width(*shape), abs=1e-3)
    assert 2 * half_width(*shape) * widths_per_unit(*shape) == pytest.approx(1)


def test_speed_rises_with_the_bucket_and_is_the_documented_one():
    speeds = [speed(bucket) for bucket in range(1, 256)]
    assert all(later > earlier for earlier, later in itertools.pairwise(speeds))
    assert speed(127) == SPEED_AT_127


def test_a_measured_speed_gives_its_bucket_back():
    assert all(bucket_of(speed(bucket)) == pytest.approx(bucket) for bucket in (1, 32, 127, 255))
    assert bucket_of(0.0) == 1
    assert bucket_of(9.9) == 255
