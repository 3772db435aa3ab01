"""A training run on disk: the weights, their running average, the optimiser, the step."""

from __future__ import annotations

import copy
import itertools
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from pipelines.pocket.denoiser import StillEncoder, new_unet
from pipelines.pocket.pipeline import save_networks
from pipelines.pocket.sampling import Networks
from pipelines.pocket.weights import open_networks
from training.fit_codec import fit_codec
from training.scenes import SceneMaker

log = logging.getLogger("train_pocket")

AVERAGED_OVER = 0.998
"""Share of the running average that stays at each step: the last 500 steps or so count."""

WEIGHT_DECAY = 0.01


@dataclass
class Run:
    """What training changes. `averaged` is what ships."""

    folder: Path
    networks: Networks
    averaged: Networks
    optimizer: torch.optim.Optimizer
    step: int

    def parameters(self) -> Iterator[nn.Parameter]:
        """Everything that is trained."""
        return trained(self.networks)

    @torch.no_grad()
    def average(self) -> None:
        """Count a step, and move the average towards the weights."""
        self.step += 1
        keep = min(AVERAGED_OVER, self.step / (10 + self.step))
        for mean, weight in zip(trained(self.averaged), self.parameters(), strict=True):
            mean.lerp_(weight, 1 - keep)


def trained(networks: Networks) -> Iterator[nn.Parameter]:
    """The parameters of both networks."""
    return itertools.chain(networks.unet.parameters(), networks.encoder.parameters())


def open_run(folder: Path, maker: SceneMaker) -> Run:
    """The run in a folder, or a new one whose codec is measured on the maker's scenes."""
    begun = (folder / "state.pt").exists()
    networks = open_networks(folder / "weights") if begun else _untrained(maker)
    networks.unet.train()
    networks.encoder.train()
    averaged = open_networks(folder / "averaged") if begun else copy.deepcopy(networks)
    optimizer = torch.optim.AdamW(trained(networks), weight_decay=WEIGHT_DECAY)
    run = Run(folder, networks, averaged, optimizer, 0)
    for part in (averaged.unet, averaged.encoder):
        part.eval().requires_grad_(False)
    if begun:
        state = torch.load(folder / "state.pt", weights_only=True)
        optimizer.load_state_dict(state["optimizer"])
        run.step = state["step"]
        log.info("going on from step %d", run.step)
    return run


def _untrained(maker: SceneMaker) -> Networks:
    codec = fit_codec(maker)
    return Networks(new_unet(codec.channels), StillEncoder(), codec)


def save_run(run: Run) -> None:
    """Write the run so that a stop at any moment leaves the last whole checkpoint."""
    save_networks(run.networks, run.folder / "weights")
    save_networks(run.averaged, run.folder / "averaged")
    fresh = run.folder / "state.pt.partial"
    torch.save({"optimizer": run.optimizer.state_dict(), "step": run.step}, fresh)
    fresh.replace(run.folder / "state.pt")
