"""Drawing: guidance, and that the sampler and the trainer mean the same by noise."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from diffusers import EDMDPMSolverMultistepScheduler

from pipelines.eyes.backbone import FEATURES
from pipelines.eyes.head import EXTRAS
from pipelines.families.pocket.denoiser import denoise
from pipelines.families.pocket.happening import CHANNELS
from pipelines.families.pocket.sampling import SIGMA_MAX, SIGMA_MIN, Conditions, draw_fields, noise_for

GRID = (6, 10)


@pytest.fixture(scope="module")
def conditions(animator):
    generator = torch.Generator().manual_seed(1)
    features = animator.denoiser.mean[:, None, None] + torch.rand(FEATURES, *GRID, generator=generator)
    return Conditions(features, torch.rand(EXTRAS, *GRID, generator=generator) * 2 - 1, 1.0)


@pytest.fixture(scope="module")
def noise(conditions):
    return noise_for(conditions, 0, 2)


def test_fields_are_of_about_the_strength_of_the_photos(animator, conditions, noise):
    drawn = draw_fields(animator.denoiser, conditions, noise, 12) / animator.denoiser.scale[:, None, None]
    assert drawn.shape == (2, CHANNELS, *GRID)
    assert 0.05 < drawn.std() < 4


def test_the_solver_is_the_well_known_one(animator, conditions, noise):
    """DPM-Solver++(2M) in EDM's variables, as diffusers has it."""
    scheduler = EDMDPMSolverMultistepScheduler(
        sigma_min=SIGMA_MIN, sigma_max=SIGMA_MAX, sigma_data=1.0, prediction_type="v_prediction"
    )
    scheduler.set_timesteps(16)
    network, fields = animator.denoiser, noise * SIGMA_MAX
    with torch.no_grad():
        known = network.look(conditions.features[None], conditions.extras[None]).expand(len(noise), -1, -1, -1)
        for time in scheduler.timesteps:
            velocity = network(scheduler.scale_model_input(fields, time), time.expand(len(noise)), known)
            fields = scheduler.step(velocity, time, fields).prev_sample
    ours = draw_fields(network, conditions, noise, 16) / network.scale[:, None, None]
    assert torch.allclose(ours, fields, atol=1e-4)


def test_no_guidance_is_what_the_trainers_denoiser_sees(animator, conditions, noise):
    seen = []
    draw_fields(animator.denoiser, conditions, noise, 1, lambda step, clean: seen.append(clean))
    with torch.no_grad():
        known = animator.denoiser.look(conditions.features[None], conditions.extras[None]).expand(2, -1, -1, -1)
        expected = denoise(animator.denoiser, noise * SIGMA_MAX, torch.full((2,), SIGMA_MAX), known)
    assert torch.allclose(seen[0], expected * animator.denoiser.scale[:, None, None], atol=2e-3)


def test_guidance_leads_away_from_what_is_drawn_for_no_picture(animator, conditions, noise):
    def first_guess(guidance):
        seen = []
        changed = dataclasses.replace(conditions, guidance=guidance)
        draw_fields(animator.denoiser, changed, noise, 1, lambda step, clean: seen.append(clean))
        return seen[0]

    blind, seeing, guided = first_guess(0.0), first_guess(1.0), first_guess(3.0)
    assert not torch.allclose(blind, seeing, atol=1e-2)
    assert torch.allclose(guided, blind + 3 * (seeing - blind), atol=5e-3)


def test_steps_are_told_from_1_to_the_last(animator, conditions, noise):
    told = []
    draw_fields(animator.denoiser, conditions, noise, 3, lambda step, clean: told.append((step, clean.shape)))
    assert told == [(step, noise.shape) for step in (1, 2, 3)]


def test_seeds_in_one_batch_are_drawn_as_alone(animator, conditions, noise):
    together = draw_fields(animator.denoiser, conditions, noise, 3)
    alone = draw_fields(animator.denoiser, conditions, noise[1:], 3)
    assert torch.allclose(together[1:], alone, atol=1e-3)
