"""Where the cells of a motion field lie.

Every field has about `CELLS` cells whatever the shape of the still, so a cell is always `CELL` wide and high in
canonical units: the still spans `[-a, a] x [-1/a, 1/a]` with `a = sqrt(width / height)`, an area of 4.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

CELLS = 576
"""Cells of a field: 18 x 32 for a 16:9 still, 24 x 24 for a square."""

CELL = 2 / math.sqrt(CELLS)
"""Side of a cell in canonical units."""

PIXELS_PER_CELL = 8
"""Of the small still that the encoder looks at: 144 x 256 for 16:9."""

LATENT_STRIDE = 2
"""Cells per place of a latent, 9 x 16 for 16:9: each layer moves smoothly, only their outlines are sharp."""


def grid_shape(height: int, width: int) -> tuple[int, int]:
    """Rows and columns of the field for a still of this size in pixels."""
    columns = round(math.sqrt(CELLS * width / height))
    return round(CELLS / columns), columns


def latent_shape(rows: int, columns: int) -> tuple[int, int]:
    """Rows and columns of the latent of a field."""
    return -(-rows // LATENT_STRIDE), -(-columns // LATENT_STRIDE)


def half_width(rows: int, columns: int) -> float:
    """Half the width of the still in canonical units; half its height is the inverse of it."""
    return math.sqrt(columns / rows)


def cell_centres(rows: int, columns: int) -> Tensor:
    """Canonical `(x, y)` of each cell's centre, float32 `[rows, columns, 2]`."""
    a = half_width(rows, columns)
    y = ((torch.arange(rows) + 0.5) / rows * 2 - 1) / a
    x = ((torch.arange(columns) + 0.5) / columns * 2 - 1) * a
    return torch.stack([x.expand(rows, columns), y[:, None].expand(rows, columns)], -1)


def widths_per_unit(rows: int, columns: int) -> float:
    """Image widths in one canonical unit: turns canonical displacements into displacements in image widths."""
    return 0.5 / half_width(rows, columns)
