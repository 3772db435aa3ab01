"""Camera paths and the depth they travel through: where every cell of a later frame was in the still.

Canonical units (see `pipelines.pocket.grid`). A pose moves the world: a point at canonical `x` and inverse depth `rho`
goes to `f * (R @ [x / f, 1] + t * rho)`, divided by its depth.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Camera:
    """Where the camera ends up: turns in radians, travel in units of the nearest scenery, `focal` canonical."""

    turn: tuple[float, float, float]
    travel: tuple[float, float, float]
    focal: float

    def scaled(self, factor: float) -> Camera:
        """The same path, `factor` as far."""
        (a, b, c), (x, y, z) = self.turn, self.travel
        f = factor
        return Camera((f * a, f * b, f * c), (f * x, f * y, f * z), self.focal)


MOVES = {"orbit": 7, "crane": 3, "dolly in": 5, "dolly out": 1, "pan": 2, "tilt": 1, "roll": 1, "mix": 3}
"""How often each move is drawn: mostly such that show depth, for a pan could be had without looking at the still."""


def draw_camera(focus: float) -> Camera:
    """A random camera; orbits and cranes turn back towards what stands at inverse depth `focus`."""
    focal = random.uniform(1.4, 2.6)
    g = random.gauss
    back = random.uniform(0.5, 1.1) * focus
    side, up = g(0, 1), g(0, 0.6)
    turn, travel = {
        "orbit": ((g(0, 0.02), -side * back, 0.0), (side, 0.0, g(0, 0.2))),
        "crane": ((up * back, 0.0, 0.0), (0.0, up, g(0, 0.2))),
        "dolly in": ((g(0, 0.01), g(0, 0.02), 0.0), (g(0, 0.2), g(0, 0.1), -abs(g(0.6, 0.4)))),
        "dolly out": ((g(0, 0.01), g(0, 0.02), 0.0), (g(0, 0.2), g(0, 0.1), abs(g(0.6, 0.4)))),
        "pan": ((0.0, g(0, 0.2), 0.0), (g(0, 0.1), 0.0, 0.0)),
        "tilt": ((g(0, 0.15), 0.0, 0.0), (0.0, g(0, 0.1), 0.0)),
        "roll": ((0.0, 0.0, g(0, 0.12)), (g(0, 0.2), g(0, 0.1), g(0, 0.2))),
        "mix": ((g(0, 0.03) + up * back, g(0, 0.05) - side * back, g(0, 0.02)), (side, up, g(0, 0.5))),
    }[random.choices(list(MOVES), list(MOVES.values()))[0]]
    return Camera(turn, travel, focal)


@dataclass(frozen=True)
class Poses:
    """A camera at each moment: `rotation [S, 3, 3]`, `travel [S, 3]`."""

    rotation: Tensor
    travel: Tensor
    focal: float

    def forward(self, places: Tensor, inverse_depth: Tensor) -> Tensor:
        """Where points of the still go: `places [S, N, 2]`, `inverse_depth [S, N]` to `[S, N, 2]`."""
        ray = torch.cat([places / self.focal, torch.ones_like(places[..., :1])], -1)
        point = ray @ self.rotation.mT + self.travel[:, None] * inverse_depth[..., None]
        return self.focal * point[..., :2] / point[..., 2:].clamp(min=NEAREST)

    def plane_back(self, places: Tensor, inverse_depth: float) -> Tensor:
        """Where cells `places [N, 2]` of each moment were in the still, for a plane facing the camera: exact."""
        homography = self.rotation.clone()
        homography[:, :, 2] += self.travel * inverse_depth
        ray = torch.cat([places / self.focal, torch.ones_like(places[:, :1])], -1)
        source = ray @ torch.linalg.inv(homography).mT
        return self.focal * source[..., :2] / source[..., 2:].clamp(min=NEAREST)

    def relief_back(self, places: Tensor, inverse_depth: Tensor, half_width: float) -> Tensor:
        """The same for a surface `inverse_depth [h, w]` given over the still, by a damped fixed-point iteration."""
        found = places.expand(len(self.travel), -1, -1)
        for _ in range(ITERATIONS):
            missed = places - self.forward(found, read_map(inverse_depth, found, half_width))
            found = found + 0.9 * missed
        return found


NEAREST = 0.2
"""Depth at which points stop coming closer: behind it a projection turns inside out."""

ITERATIONS = 4
"""Enough for slopes of drawn scenes: the error falls to a third with each."""


def poses(camera: Camera, progress: Tensor, shake: Tensor) -> Poses:
    """The camera at each `progress [S]` of its path, with hand-held turns `shake [S, 3]` in radians."""
    turn = progress[:, None] * torch.tensor(camera.turn) + shake
    travel = progress[:, None] * torch.tensor(camera.travel)
    return Poses(_rotation(turn), travel, camera.focal)


def _rotation(turn: Tensor) -> Tensor:
    """Rotation matrices `[S, 3, 3]` of small turns about x, y, z `[S, 3]` in radians."""
    x, y, z = turn.unbind(-1)
    zero = torch.zeros_like(x)
    skew = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).unflatten(-1, (3, 3))
    return torch.linalg.matrix_exp(skew)


def read_map(maps: Tensor, places: Tensor, half_width: float) -> Tensor:
    """`maps [h, w]` read at canonical `places [S, N, 2]`, bilinear, edges continued, `[S, N]`."""
    scale = torch.tensor([1 / half_width, half_width])
    return F.grid_sample(maps[None, None], (places * scale)[None], align_corners=False, padding_mode="border")[0, 0]


def draw_progress(tau: Tensor) -> Tensor:
    """How far along its path something is at each moment: steady, or eased at one end or both."""
    ease = random.random()
    if ease < 0.55:
        return tau
    if ease < 0.8:
        return tau * tau * (3 - 2 * tau)
    return tau**1.6 if ease < 0.9 else 1 - (1 - tau) ** 1.6


def draw_shake(tau: Tensor, seconds: float) -> Tensor:
    """Turns of a hand-held camera in radians, `[S, 3]`; most cameras stand firm."""
    if random.random() > 0.2:
        return torch.zeros(len(tau), 3)
    rate = torch.tensor([random.uniform(0.4, 1.5) for _ in range(3)])
    return 0.006 * torch.sin(2 * math.pi * rate * tau[:, None] * seconds) * torch.tensor([1.0, 1.0, 0.5])
