"""Drawing what happens next: from noise to fields, with classifier-free guidance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from diffusers import EDMDPMSolverMultistepScheduler
from torch import Tensor

from pipelines.pocket.denoiser import HappeningDenoiser
from pipelines.pocket.happening import CHANNELS

SIGMA_MAX = 80.0
"""Noise at the start: a field of unit variance is invisible in it."""

SIGMA_MIN = 0.02
"""Noise at the end: 2 % of a field, less than the denoiser's own error."""


@dataclass(frozen=True)
class Conditions:
    """What is drawn for: what is seen of one still, features `[FEATURES, h, w]` and extras `[EXTRAS, h, w]`."""

    features: Tensor
    extras: Tensor
    guidance: float


OnFields = Callable[[int, Tensor], None]
"""Watches a drawing: after each step, the step and the fields as the model sees them by then."""


def ignore_fields(step: int, fields: Tensor) -> None:
    """The `OnFields` of a drawing that nobody watches."""


def new_scheduler() -> EDMDPMSolverMultistepScheduler:
    """DPM-Solver++ (Lu et al. 2022, arXiv 2211.01095) in EDM's variables, second order."""
    return EDMDPMSolverMultistepScheduler(
        sigma_min=SIGMA_MIN, sigma_max=SIGMA_MAX, sigma_data=1.0, prediction_type="v_prediction"
    )


def noise_for(conditions: Conditions, seed: int, count: int = 1) -> Tensor:
    """Unit noise `[count, CHANNELS, h, w]` from which fields for this still are drawn."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, CHANNELS, *conditions.extras.shape[1:], generator=generator)


@torch.inference_mode()
def draw_fields(
    network: HappeningDenoiser,
    conditions: Conditions,
    noise: Tensor,
    steps: int,
    on_fields: OnFields = ignore_fields,
) -> Tensor:
    """Fields `[B, CHANNELS, h, w]`, of a length of 1 where it is as usual, from unit noise of that shape.

    `on_fields(step, clean)` is called after each step with the fields as the model sees them by then.
    """
    scheduler = new_scheduler()
    scheduler.set_timesteps(steps)
    known = network.look(conditions.features[None], conditions.extras[None]).expand(len(noise), -1, -1, -1)
    scale = network.scale[:, None, None]
    fields = noise * SIGMA_MAX
    for step, timestep in enumerate(scheduler.timesteps, start=1):
        scaled = scheduler.scale_model_input(fields, timestep)
        velocity = _guided(network, scaled, timestep, (known, conditions.guidance))
        fields = scheduler.step(velocity, timestep, fields).prev_sample
        on_fields(step, scheduler.model_outputs[-1] * scale)
    return fields * scale


def _guided(network: HappeningDenoiser, scaled: Tensor, timestep: Tensor, how: tuple[Tensor, float]) -> Tensor:
    """The velocity, driven `guidance` times as far from what is drawn for no picture as the seeing one is."""
    known, guidance = how
    times = timestep.expand(len(scaled))
    if guidance == 1:
        return network(scaled, times, known)
    both = network(scaled.repeat(2, 1, 1, 1), times.repeat(2), torch.cat([known, torch.zeros_like(known)]))
    seeing, blind = both.chunk(2)
    return blind + guidance * (seeing - blind)
