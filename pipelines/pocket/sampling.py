"""Drawing motion: from noise to latents, with classifier-free guidance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from diffusers import EDMDPMSolverMultistepScheduler, UNet2DConditionModel
from torch import Tensor

from pipelines.pocket.codec import MotionCodec
from pipelines.pocket.denoiser import Sight, StillEncoder, control_values

SIGMA_MAX = 80.0
"""Noise at the start: a latent of unit variance is invisible in it."""

SIGMA_MIN = 0.02
"""Noise at the end: 2 % of a latent, less than the denoiser's own error."""

NOTHING_SEEN = 0.5
"""What the unconditional branch sees in place of the still: mid grey, the zero of the encoder's input."""


@dataclass(frozen=True)
class Networks:
    """The parts of the built-in model that have weights."""

    unet: UNet2DConditionModel
    encoder: StillEncoder
    codec: MotionCodec


@dataclass(frozen=True)
class Conditions:
    """What motion is drawn for: `eyes` float `[EYES, H, W]` in [0, 1] and the three controls."""

    eyes: Tensor
    seconds: float
    motion_bucket_id: float
    noise_aug_strength: float
    guidance: float


def new_scheduler() -> EDMDPMSolverMultistepScheduler:
    """DPM-Solver++ (Lu et al. 2022, arXiv 2211.01095) in EDM's variables, second order."""
    return EDMDPMSolverMultistepScheduler(
        sigma_min=SIGMA_MIN, sigma_max=SIGMA_MAX, sigma_data=1.0, prediction_type="v_prediction"
    )


@torch.no_grad()
def draw_latents(
    networks: Networks,
    conditions: Conditions,
    noise: Tensor,
    steps: int,
    on_latents: Callable[[int, Tensor], None] = lambda step, clean: None,
) -> Tensor:
    """Latents `[B, C, h, w]` from unit noise of that shape.

    `on_latents(step, clean)` is called after each step with the clean latents as the model sees them by then.
    """
    scheduler = new_scheduler()
    scheduler.set_timesteps(steps)
    sight = _look(networks, conditions, len(noise))
    latents = noise * SIGMA_MAX
    for step, timestep in enumerate(scheduler.timesteps, start=1):
        scaled = scheduler.scale_model_input(latents, timestep)
        velocity = _guided(networks.unet, scaled, timestep, (sight, conditions.guidance))
        latents = scheduler.step(velocity, timestep, latents).prev_sample
        on_latents(step, scheduler.model_outputs[-1])
    return latents


def _look(networks: Networks, conditions: Conditions, count: int) -> Sight:
    """What both branches see, the conditional one first, `[2 * count, ...]`."""
    eyes = torch.stack([conditions.eyes, blind(conditions.eyes[None])[0]])
    values = torch.tensor([conditions.seconds, conditions.motion_bucket_id, conditions.noise_aug_strength])
    controls = control_values(*values[:, None].expand(3, 2))
    sight = networks.encoder(eyes, controls)
    return Sight(sight.maps.repeat_interleave(count, 0), sight.tokens.repeat_interleave(count, 0))


def blind(eyes: Tensor) -> Tensor:
    """Eyes `[B, EYES, H, W]` that see nothing: a grey still without outlines."""
    grey = torch.full_like(eyes, NOTHING_SEEN)
    grey[:, 3:] = 0
    return grey


def _guided(unet: UNet2DConditionModel, scaled: Tensor, timestep: Tensor, how: tuple[Sight, float]) -> Tensor:
    """The velocity `[B, C, h, w]`, driven `guidance` times as far from the blind branch as the seeing one is."""
    sight, guidance = how
    count = len(scaled)
    if guidance == 1:
        return unet(torch.cat([scaled, sight.maps[:count]], 1), timestep, sight.tokens[:count]).sample
    both = unet(torch.cat([scaled.repeat(2, 1, 1, 1), sight.maps], 1), timestep, sight.tokens).sample
    seeing, blinded = both.chunk(2)
    return blinded + guidance * (seeing - blinded)
