"""Trains the built-in model: `python -m training.train_pocket PHOTOS --minutes 120`.

Scenes are drawn as they are needed and used about three times. Checkpoints go to `--run`; a run that finds one there
goes on from it. The averaged weights are written as a pipeline folder that the studio opens.
"""

from __future__ import annotations

import logging
import math
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import torch
import typer
from torch import Tensor

from pipelines.pocket.amplitude import bucket_of
from pipelines.pocket.denoiser import control_values, denoise
from pipelines.pocket.grid import latent_shape
from pipelines.pocket.sampling import Conditions, Networks, blind, draw_latents
from training.checkpoint import Run, open_run, save_run
from training.fit_codec import SHAPES
from training.held_out import Looking, composed_rates, held_out_scenes, looks_at_the_still
from training.photos import ALWAYS_HELD_OUT, is_held_out, photo_files, read_photo
from training.scenes import Scene, SceneMaker

log = logging.getLogger("train_pocket")

BATCH = 32
FRESH_PER_STEP = 10
"""New scenes per step: each is used about three times before it leaves the pool."""

POOL = 1536
"""Scenes kept per shape, 190 kB each."""

SHAPE_SHARES = (4, 1, 1)
"""How often a batch is landscape, portrait, square."""

DROPPED = 0.1
"""Share of samples that are trained blind, for classifier-free guidance."""

LOG_SIGMA_MEAN, LOG_SIGMA_DEVIATION = 0.7, 1.6
"""Of the noise level, as in SVD's fine-tuning (Blattmann et al. 2023, arXiv 2311.15127)."""

LOG_NOISE_AUG_MEAN, LOG_NOISE_AUG_DEVIATION = -3.0, 0.7
"""Of the noise on the conditioning still: around 0.05."""

PEAK_RATE, WARM_UP = 5e-4, 200
"""Learning rate of AdamW, and the steps in which it rises to it."""

COOL_DOWN = 0.35
"""Share of the time budget at its end in which the learning rate falls to nothing."""

MASK_FORGOTTEN = 0.1
"""Share of samples whose subject mask is withheld: the network's eyes do not always find a subject."""

LOG_EVERY_S, SAVE_EVERY_S, LOOK_EVERY_S = 60, 300, 1200


@dataclass(frozen=True)
class Batch:
    """`eyes` float `[B, EYES, 8h, 8w]` in [0, 1]; `latents [B, C, h, w]`; `controls [B, 3]`."""

    eyes: Tensor
    latents: Tensor
    controls: Tensor


class Pool:
    """Scenes of one shape, renewed as they are used."""

    def __init__(self, maker: SceneMaker, shape: tuple[int, int]) -> None:
        self.maker, self.shape = maker, shape
        self.scenes: list[Scene] = []

    def sample(self) -> list[Scene]:
        """`BATCH` scenes, after drawing fresh ones."""
        fresh = FRESH_PER_STEP if len(self.scenes) >= 4 * BATCH else BATCH
        self.scenes += [self.maker.draw(*self.shape) for _ in range(fresh)]
        self.scenes = self.scenes[-POOL:]
        return random.sample(self.scenes, BATCH)


def make_batch(scenes: list[Scene], networks: Networks) -> Batch:
    """Scenes as the networks want them, some mirrored, with noise on the still and some eyes shut."""
    eyes = torch.stack([scene.eyes for scene in scenes]).float() / 255
    layers = torch.stack([scene.layers for scene in scenes])
    flipped = torch.rand(len(scenes)) < 0.5
    eyes[flipped] = eyes[flipped].flip(-1)
    layers[flipped] = layers[flipped].flip(-1) * torch.tensor([-1.0, 1.0])[:, None, None]
    eyes[torch.rand(len(scenes)) < MASK_FORGOTTEN, 3] = 0
    noise_aug = torch.exp(torch.randn(len(scenes)) * LOG_NOISE_AUG_DEVIATION + LOG_NOISE_AUG_MEAN)
    eyes[:, :3] += torch.randn_like(eyes[:, :3]) * noise_aug[:, None, None, None]
    shut = torch.rand(len(scenes)) < DROPPED
    eyes[shut] = blind(eyes[shut])
    seconds = torch.tensor([scene.seconds for scene in scenes])
    bucket = torch.tensor([bucket_of(scene.travelled / scene.seconds) for scene in scenes])
    return Batch(eyes, networks.codec.encode(layers), control_values(seconds, bucket, noise_aug))


def loss_of(networks: Networks, batch: Batch) -> Tensor:
    """EDM's weighted denoising error."""
    sigma = torch.exp(torch.randn(len(batch.latents)) * LOG_SIGMA_DEVIATION + LOG_SIGMA_MEAN)
    s = sigma[:, None, None, None]
    noisy = batch.latents + torch.randn_like(batch.latents) * s
    sight = networks.encoder(batch.eyes, batch.controls)
    error = (denoise(networks.unet, noisy, sigma, sight) - batch.latents).square()
    return (error * (s**2 + 1) / s**2).clamp(max=50).mean()


def learning_rate(step: int, share_of_budget: float) -> float:
    """Rises over `WARM_UP` steps, holds, falls as a cosine over the last `COOL_DOWN` of the budget."""
    late = max(0.0, (share_of_budget - (1 - COOL_DOWN)) / COOL_DOWN)
    return PEAK_RATE * min(1.0, (step + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * min(late, 1.0)))


def train_step(run: Run, pools: list[Pool], share_of_budget: float) -> float:
    """One step of the optimiser; the loss."""
    pool = random.choices(pools, SHAPE_SHARES)[0]
    loss = loss_of(run.networks, make_batch(pool.sample(), run.networks))
    for group in run.optimizer.param_groups:
        group["lr"] = learning_rate(run.step, share_of_budget)
    run.optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(run.parameters(), 1.0)
    run.optimizer.step()
    run.average()
    return float(loss.detach())


def look(run: Run, scenes: list[Scene], seeds: int = 3, guidance: float = 1.5) -> Looking:
    """Whether the averaged weights look at the still."""

    def draw(scene: Scene, count: int) -> Tensor:
        eyes = scene.eyes.float() / 255
        bucket = bucket_of(scene.travelled / scene.seconds)
        conditions = Conditions(eyes, scene.seconds, bucket, 0.02, guidance)
        shape = (scene.rates.shape[-2], scene.rates.shape[-1])
        noise = torch.randn(count, run.averaged.codec.channels, *latent_shape(*shape))
        return composed_rates(run.averaged.codec, draw_latents(run.averaged, conditions, noise, 12), eyes, shape)

    return looks_at_the_still(scenes, draw, seeds)


def main(
    photos: Annotated[Path, typer.Argument(help="A folder of photos; masks NAME.mask.png beside them are used.")],
    minutes: Annotated[float, typer.Option(help="Time budget.")] = 120,
    run_folder: Annotated[Path, typer.Option("--run", help="Where checkpoints go, and are found.")] = Path(
        "runs/pocket"
    ),
    hold_out: Annotated[
        list[str], typer.Option(help="Patterns of photo names that never enter training.")
    ] = ALWAYS_HELD_OUT,
) -> None:
    """Train the built-in model for a time budget, from the last checkpoint where there is one."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    files = photo_files(photos)
    training = [read_photo(file) for file in files if not is_held_out(file.name, hold_out)]
    kept_away = [read_photo(file) for file in files if is_held_out(file.name, hold_out)]
    log.info("%d photos for training, %d held out", len(training), len(kept_away))
    if not (training and kept_away):
        raise typer.BadParameter("Some photos must train and some be held out. Add photos, or change --hold-out.")
    scenes = held_out_scenes(SceneMaker(kept_away), 16)
    random.seed()
    torch.seed()
    maker = SceneMaker(training)
    run = open_run(run_folder, maker)
    train(run, [Pool(maker, shape) for shape in SHAPES], scenes, minutes * 60)


def train(run: Run, pools: list[Pool], scenes: list[Scene], budget_s: float) -> None:
    """Steps until the budget is spent, saving and looking now and then."""
    begun = logged = saved = looked = time.monotonic()
    losses: list[float] = []
    while (now := time.monotonic()) - begun < budget_s:
        losses.append(train_step(run, pools, (now - begun) / budget_s))
        if now - logged > LOG_EVERY_S:
            recent = losses[-500:]
            log.info("step %d, %.0f s, loss %.4f", run.step, now - begun, sum(recent) / len(recent))
            logged = now
        if now - saved > SAVE_EVERY_S:
            save_run(run)
            saved = now
        if now - looked > LOOK_EVERY_S:
            seen = look(run, scenes)
            log.info("looks at the still: own %.3f, other %.3f, ratio %.2f", seen.own, seen.other, seen.ratio)
            looked = now
    save_run(run)


if __name__ == "__main__":
    typer.run(main)
