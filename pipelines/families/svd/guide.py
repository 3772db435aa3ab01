"""A draft of the motion holds the sampler where it is meant: noisy starts for each region.

After "Time-to-Move" (Singer et al. 2025, arXiv 2511.08633): what was drawn is put into the latents at the noise level
that they are at, until the layout of the motion is settled; what is to keep still is put there to the end. It takes no
training and no further pass of the UNet.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from pipelines.contract import RGB, Draft
from pipelines.families.svd.conditions import wide_enough
from pipelines.families.svd.guards import check_finite
from pipelines.families.svd.networks import Networks
from pipelines.families.svd.schedule import Denoise, Solver, State
from pipelines.families.svd.watch import Watch

WEAK = 75.0
"""Noise level from which a draft is put in place. Above it noise leaves no layout to be read, and a draft that comes
earlier makes things appear twice."""

STRONG = 31.0
"""Noise level to which what moves is held to the draft: a lower one looks pasted, a higher one drifts off its way. It
and `WEAK` are those of the paper's code for this model, where they are steps 16 and 21 of 50."""

CELL = 8
"""Pixels of a cell of the latents, across and down."""

NARROWEST = 4 * CELL
"""Pixels of what is surely followed: at a noise of `STRONG`, less than three or four cells are lost in it."""

GUIDED = (
    f"A draft of the motion guides this run: what is narrower than {NARROWEST} pixels may not follow what was said."
)
"""Of every run that is guided."""


@dataclass(frozen=True, eq=False)
class Guide:
    """Scaled latents of a draft, float32 `[1, F, 4, h, w]`, and where its cells `moved` and are `held`, bool
    `[1, F, 1, h, w]`. `noise` is the one that the run begins with: no other is drawn.
    """

    latents: torch.Tensor
    moved: torch.Tensor
    held: torch.Tensor
    noise: torch.Tensor

    def put(self, state: State, before: float, sigma: float) -> State:
        """The state at noise level `sigma`, reached from `before`, with the draft in place where it counts.

        What the model saw as clean there is replaced as well: solvers look back at it.
        """
        if sigma > WEAK:
            return state
        where = self.moved | self.held if before > STRONG else self.held
        x = torch.where(where, self.latents + self._noise(state, sigma), state.x)
        seen = None if state.seen is None else torch.where(where, self.latents, state.seen)
        return State(x, seen, state.sigma)

    def _noise(self, state: State, sigma: float) -> torch.Tensor:
        return sigma * self.noise


class FreshGuide(Guide):
    """The same for solvers that draw new noise in each step, which is what their latents are more than was seen."""

    def _noise(self, state: State, sigma: float) -> torch.Tensor:
        return super()._noise(state, sigma) if state.seen is None else state.x - state.seen


def guided(solver: Solver, guide: Guide) -> Solver:
    """The solver, by single steps, held to a draft after each. From a later state it goes on to the same frames."""

    def solve(denoise: Denoise, state: State, sigmas: list[float]) -> Iterator[State]:
        if state.seen is None:
            state = guide.put(state, math.inf, sigmas[0])
        for before, sigma in pairwise(sigmas):
            state = guide.put(next(solver(denoise, state, [before, sigma])), before, sigma)
            yield state

    return solve


def encoded(networks: Networks, draft: Draft, watch: Watch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The latents, `moved` and `held` of a `Guide`; the VAE must be on the device. Encodes frame by frame.

    Raises `BadFrames`, and whatever the watcher raises, after each frame.
    """
    watch.begin("encode", len(draft.moments))
    latents, moved, held = [], [], []
    with wide_enough(networks.pipeline.vae) as dtype:
        for number, drawn in enumerate(draft.drawn(), start=1):
            latents.append(_latent(networks, drawn.frame, dtype))
            moved.append(_cells(drawn.moved))
            held.append(_cells(drawn.held))
            watch.reached(number)
    clip = torch.stack(latents, 1)
    check_finite(clip, networks.dtype, "in the draft of the motion")
    return clip, _of_clip(moved, networks.device), _of_clip(held, networks.device)


def latents_of(networks: Networks, *stills: RGB) -> list[torch.Tensor]:
    """The scaled latent of each still, float32 `[1, 1, 4, h, w]`; the VAE must be on the device."""
    with wide_enough(networks.pipeline.vae) as dtype:
        return [_latent(networks, still, dtype)[:, None] for still in stills]


def _latent(networks: Networks, frame: RGB, dtype: torch.dtype) -> torch.Tensor:
    """The scaled latent `[1, 4, h, w]` of a frame, float32."""
    vae = networks.pipeline.vae
    pixels = torch.from_numpy(frame).permute(2, 0, 1)[None].to(networks.device, torch.float32) / 127.5 - 1
    return vae.encode(pixels.to(dtype)).latent_dist.mode().float() * vae.config.scaling_factor


def _of_clip(masks: list[torch.Tensor], device: torch.device) -> torch.Tensor:
    return torch.stack(masks)[None, :, None].to(device)


def _cells(mask: np.ndarray) -> torch.Tensor:
    """What is true of the middle of each cell."""
    return torch.from_numpy(np.ascontiguousarray(mask[CELL // 2 :: CELL, CELL // 2 :: CELL]))
