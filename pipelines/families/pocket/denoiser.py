"""The network of the built-in model: it draws what happens next in a picture, given what the eyes see of it."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipelines.eyes.backbone import FEATURES
from pipelines.eyes.head import EXTRAS
from pipelines.families.pocket.happening import CHANNELS

GROUPS = 8
"""Of the normalisation."""

WAVES = 16
"""Sine and cosine pairs that tell the network how much noise there is."""

DILATIONS = (1, 2, 4, 1, 2, 1)


class HappeningDenoiser(nn.Module):
    """Predicts the velocity `[B, CHANNELS, h, w]` of noisy fields, each at unit variance."""

    def __init__(self, width: int = 96, noisy_width: int = 32) -> None:
        super().__init__()
        whole = width + noisy_width
        self.mean: Tensor
        self.deviation: Tensor
        self.scale: Tensor
        self.register_buffer("mean", torch.zeros(FEATURES))
        self.register_buffer("deviation", torch.ones(FEATURES))
        self.register_buffer("scale", torch.ones(CHANNELS))
        self.seen, self.beside = nn.Conv2d(FEATURES, width, 1), nn.Conv2d(EXTRAS, width, 3, padding=1)
        self.noisy = nn.Conv2d(CHANNELS, noisy_width, 3, padding=1)
        self.time = nn.Sequential(nn.Linear(2 * WAVES, whole), nn.SiLU(), nn.Linear(whole, whole))
        self.blocks = nn.ModuleList(_Block(whole, dilation) for dilation in DILATIONS)
        self.whole, self.out = nn.Linear(whole, whole), nn.Conv2d(whole, CHANNELS, 3, padding=1)
        nn.init.zeros_(self.out.weight)

    def look(self, features: Tensor, extras: Tensor) -> Tensor:
        """What it knows of pictures, `[B, width, h, w]`.

        From features `[B, FEATURES, h, w]` and extras `[B, EXTRAS, h, w]`.
        """
        normal = (features - self.mean[:, None, None]) / self.deviation[:, None, None]
        return self.seen(normal) + self.beside(extras)

    def forward(self, noisy: Tensor, timestep: Tensor, known: Tensor) -> Tensor:
        """From scaled noisy fields, EDM's `c_noise` `[B]`, and what is known; a picture of zeros is an unknown one."""
        x = torch.cat([known, self.noisy(noisy)], 1)
        time = self.time(_waves(timestep))
        for block in self.blocks:
            x = block(x, time)
        # what the whole picture does, is known at every place of it
        x = x + self.whole(x.mean((2, 3)))[..., None, None]
        return self.out(F.silu(x))


class _Block(nn.Module):
    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.first, self.second = nn.GroupNorm(GROUPS, width), nn.GroupNorm(GROUPS, width)
        self.wide = nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation)
        self.narrow, self.told = nn.Conv2d(width, width, 1), nn.Linear(width, width)
        self.dropout = nn.Dropout2d(DROPOUT)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        """The same shape."""
        y = self.wide(F.silu(self.first(x))) + self.told(F.silu(time))[..., None, None]
        return x + self.narrow(self.dropout(F.silu(self.second(y))))


DROPOUT = 0.1
"""In training: there are few photos."""


def _waves(value: Tensor) -> Tensor:
    """`[B]` to `[B, 2 * WAVES]`."""
    frequency = torch.exp(torch.linspace(math.log(0.5), math.log(30.0), WAVES)).to(value)
    angle = value[:, None] * frequency
    return torch.cat([angle.sin(), angle.cos()], 1)


def denoise(network: HappeningDenoiser, noisy: Tensor, sigma: Tensor, known: Tensor) -> Tensor:
    """The clean fields `[B, CHANNELS, h, w]` that the network sees in `noisy = clean + sigma * noise`, `sigma [B]` > 0.

    v-prediction with EDM's preconditioning at sigma_data 1 (Karras et al. 2022, arXiv 2206.00364), as in SVD.
    """
    return clean_of(noisy, sigma, network(*as_told(noisy, sigma), known))


def as_told(noisy: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
    """Noisy fields at unit variance, and `c_noise` `[B]`, as the network is given them."""
    return noisy / (sigma[:, None, None, None] ** 2 + 1).sqrt(), 0.25 * sigma.log()


def clean_of(noisy: Tensor, sigma: Tensor, velocity: Tensor) -> Tensor:
    """The clean fields that a velocity stands for."""
    s = sigma[:, None, None, None]
    return noisy / (s**2 + 1) - velocity * s / (s**2 + 1).sqrt()
