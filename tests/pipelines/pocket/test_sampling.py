"""Drawing: guidance, and that the sampler and the trainer mean the same by noise."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from pipelines.pocket.denoiser import EYES, control_values, denoise
from pipelines.pocket.sampling import SIGMA_MAX, Conditions, blind, draw_latents


@pytest.fixture(scope="module")
def noise(animator):
    return torch.randn(2, animator.networks.codec.channels, 9, 16, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def conditions():
    eyes = torch.rand(EYES, 144, 256, generator=torch.Generator().manual_seed(1))
    return Conditions(eyes, 3.4, 127, 0.02, 1.0)


def test_latents_are_of_about_unit_strength(animator, conditions, noise):
    latents = draw_latents(animator.networks, conditions, noise, 12)
    assert latents.shape == noise.shape
    assert 0.2 < latents.std() < 3


def test_no_guidance_is_what_the_trainers_denoiser_sees(animator, conditions, noise):
    seen = []
    draw_latents(animator.networks, conditions, noise, 1, lambda step, clean: seen.append(clean))
    values = control_values(torch.tensor([3.4]), torch.tensor([127.0]), torch.tensor([0.02]))
    with torch.no_grad():
        sight = animator.networks.encoder(conditions.eyes[None], values)
        sight = type(sight)(*(part.expand(2, *part.shape[1:]) for part in sight))
        expected = denoise(animator.networks.unet, noise * SIGMA_MAX, torch.full((2,), SIGMA_MAX), sight)
    assert torch.allclose(seen[0], expected, atol=2e-3)


def test_guidance_leads_away_from_what_a_blind_model_draws(animator, conditions, noise):
    def first_guess(guidance, eyes=conditions.eyes):
        seen = []
        changed = dataclasses.replace(conditions, guidance=guidance, eyes=eyes)
        draw_latents(animator.networks, changed, noise, 1, lambda step, clean: seen.append(clean))
        return seen[0]

    blinded, seeing, guided = first_guess(0.0), first_guess(1.0), first_guess(3.0)
    assert torch.allclose(guided, blinded + 3 * (seeing - blinded), atol=5e-3)
    assert torch.allclose(first_guess(1.0, blind(conditions.eyes[None])[0]), blinded, atol=5e-3)


def test_steps_are_told_from_1_to_the_last(animator, conditions, noise):
    told = []
    draw_latents(animator.networks, conditions, noise, 3, lambda step, clean: told.append((step, clean.shape)))
    assert told == [(step, noise.shape) for step in (1, 2, 3)]


def test_seeds_in_one_batch_are_drawn_as_alone(animator, conditions, noise):
    together = draw_latents(animator.networks, conditions, noise, 3)
    alone = draw_latents(animator.networks, conditions, noise[1:], 3)
    assert torch.allclose(together[1:], alone, atol=1e-3)


def test_a_blind_model_sees_grey_and_no_outlines():
    grey = blind(torch.rand(2, EYES, 8, 8))
    assert (grey[:, :3] == 0.5).all()
    assert (grey[:, 3:] == 0).all()
