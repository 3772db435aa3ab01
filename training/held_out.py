"""Does the model look at the still? Measured on scenes of photos that never entered training."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from pipelines.pocket.codec import MotionCodec
from pipelines.pocket.grid import cell_centres
from pipelines.pocket.layers import compose, enlarge
from training.scenes import Scene, SceneMaker

SMOOTH_DEGREE = 4
"""Motion that a polynomial of this degree explains could be had without looking at the still."""

LEAST_STRUCTURE = 0.02
"""Share of a scene's energy that must be non-smooth: a scene without parallax cannot tell anything."""

SHAPE = (18, 32)

Draw = Callable[[Scene, int], Tensor]
"""Rates `[B, S, 2, h, w]` that a model draws for a scene with `B` seeds."""


@dataclass(frozen=True)
class Looking:
    """Mean absolute correlation of the non-smooth motion with the truth, for the own still and for another's."""

    own: float
    other: float

    @property
    def ratio(self) -> float:
        """Above 1 where the model looks at the still."""
        return self.own / self.other


def held_out_scenes(maker: SceneMaker, count: int) -> list[Scene]:
    """Scenes with visible parallax, always the same for the same photos."""
    random.seed(5)
    torch.manual_seed(5)
    scenes: list[Scene] = []
    while len(scenes) < count:
        scene = maker.draw(*SHAPE)
        if structure_share(scene.rates) > LEAST_STRUCTURE:
            scenes.append(scene)
    return scenes


def looks_at_the_still(scenes: list[Scene], draw: Draw, seeds: int) -> Looking:
    """How well the structure of drawn motion fits the scene it was drawn for, and every other scene."""
    truth = torch.stack([main_structure(scene.rates) for scene in scenes])
    drawn = torch.stack([torch.stack([main_structure(r) for r in draw(scene, seeds)]) for scene in scenes])
    fit = torch.einsum("isn,jn->ijs", drawn, truth).abs().mean(-1)
    own = fit.diagonal().mean()
    other = (fit.sum() - fit.diagonal().sum()) / (fit.numel() - len(fit))
    return Looking(float(own), float(other))


def composed_rates(codec: MotionCodec, latents: Tensor, eyes: Tensor, shape: tuple[int, int]) -> Tensor:
    """Drawn latents `[B, C, h / 2, w / 2]` as rates `[B, S, 2, h, w]`, joined at the outlines that the eyes see."""
    subject, relief = (cv2.resize(m.numpy(), shape[::-1], interpolation=cv2.INTER_AREA) for m in eyes[3:])
    parts = [compose(enlarge(drawn, shape), relief, subject) for drawn in codec.decode(latents).numpy()]
    return torch.einsum("bkchw,sk->bschw", torch.from_numpy(np.stack(parts)), codec.profile(codec.moments()))


def structure(rates: Tensor) -> Tensor:
    """What no polynomial of degree `SMOOTH_DEGREE` explains of rates `[S, 2, h, w]`, `[S, 2, N]`."""
    flat = rates.flatten(2)
    smooth = _polynomials(rates.shape[-2], rates.shape[-1])
    return flat - flat @ smooth @ smooth.T


def structure_share(rates: Tensor) -> float:
    """Share of the energy that is structure."""
    return float(structure(rates).square().mean() / rates.square().mean())


def main_structure(rates: Tensor) -> Tensor:
    """The pattern over cells that carries most of the structure, unit length `[N]`."""
    moves = structure(rates).flatten(0, 1).T
    left, _, _ = torch.linalg.svd(moves - moves.mean(0), full_matrices=False)
    pattern: Tensor = left[:, 0]
    return pattern


def _polynomials(rows: int, columns: int) -> Tensor:
    """Orthonormal polynomials over the cells, `[N, 15]`."""
    x, y = cell_centres(rows, columns).flatten(0, 1).unbind(-1)
    powers = [x**i * y**j for i in range(SMOOTH_DEGREE + 1) for j in range(SMOOTH_DEGREE + 1 - i)]
    basis: Tensor = torch.linalg.qr(torch.stack(powers, 1)).Q
    return basis
