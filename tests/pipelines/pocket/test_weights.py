"""The shipped weights have learned: how things move, and to look at the still. Untrained ones fail every test here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor

from pipelines.pocket.amplitude import bucket_of
from pipelines.pocket.denoiser import StillEncoder, control_values, denoise, new_unet
from pipelines.pocket.sampling import Networks
from training.held_out import held_out_scenes
from training.photos import photo_files, read_photo
from training.scenes import Scene, SceneMaker

SHIPPED_STILLS = Path(__file__).parents[3] / "assets" / "stills"

SCENES = 24

SIGMAS = (0.5, 1.0, 2.0, 5.0)
"""Noise at which motion is drawn in outline: below it nothing is open any more, above it nothing is seen."""


@dataclass(frozen=True)
class Known:
    """Scenes of stills that training never saw: `eyes`, `controls`, and the true `latents`."""

    eyes: Tensor
    controls: Tensor
    latents: Tensor

    def error(self, networks: Networks, sigma: float, eyes: Tensor | None = None) -> float:
        """Mean squared error of denoising the true latents, always with the same noise."""
        noise = torch.randn(self.latents.shape, generator=torch.Generator().manual_seed(1))
        with torch.no_grad():
            sight = networks.encoder(self.eyes if eyes is None else eyes, self.controls)
            clean = denoise(networks.unet, self.latents + sigma * noise, torch.full((len(noise),), sigma), sight)
        return float((clean - self.latents).square().mean())


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return held_out_scenes(SceneMaker([read_photo(file) for file in photo_files(SHIPPED_STILLS)]), SCENES)


@pytest.fixture(scope="module")
def known(scenes, animator) -> Known:
    seconds = torch.tensor([scene.seconds for scene in scenes])
    bucket = torch.tensor([bucket_of(scene.travelled / scene.seconds) for scene in scenes])
    return Known(
        torch.stack([scene.eyes for scene in scenes]).float() / 255,
        control_values(seconds, bucket, torch.full((SCENES,), 0.02)),
        animator.networks.codec.encode(torch.stack([scene.layers for scene in scenes])),
    )


@pytest.fixture(scope="module")
def untrained(animator) -> Networks:
    torch.manual_seed(0)
    codec = animator.networks.codec
    return Networks(new_unet(codec.channels).eval(), StillEncoder().eval(), codec)


def knows_motion(networks: Networks, known: Known) -> bool:
    """Whether it denoises better than one who knows the variance of every coefficient and nothing else."""
    return all(known.error(networks, sigma) < 0.9 * sigma**2 / (1 + sigma**2) for sigma in SIGMAS[:3])


def looks_at_the_still(networks: Networks, known: Known) -> bool:
    """Whether the own still helps, against another scene's."""
    own = sum(known.error(networks, sigma) for sigma in SIGMAS)
    other = sum(known.error(networks, sigma, known.eyes.roll(shift, 0)) for sigma in SIGMAS for shift in (1, 5))
    return other / 2 > LEAST_HELP * own


LEAST_HELP = 1.01
"""How much larger the error must be with another's still: chance stays within 0.2 %."""


def test_it_knows_how_things_move(animator, untrained, known):
    assert knows_motion(animator.networks, known)
    assert not knows_motion(untrained, known)


def test_it_looks_at_the_still(animator, untrained, known):
    assert looks_at_the_still(animator.networks, known)
    assert not looks_at_the_still(untrained, known)


def test_it_is_told_how_far_things_move(animator, known):
    """The motion control is a condition: with another's control the error is larger."""
    others = Known(known.eyes, known.controls.roll(1, 0), known.latents)
    own, other = (sum(k.error(animator.networks, sigma) for sigma in SIGMAS) for k in (known, others))
    assert other > own
