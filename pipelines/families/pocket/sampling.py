"""Drawing what happens next: from noise to fields, with classifier-free guidance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from pipelines.families.pocket.denoiser import HappeningDenoiser, as_told, clean_of
from pipelines.families.pocket.happening import CHANNELS

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


RHO = 7.0
"""How much closer together the last steps are than the first (Karras et al. 2022, arXiv 2206.00364, equation 5)."""


def sigmas_of(steps: int) -> Tensor:
    """The noise before each step and, 0, after the last one, `[steps + 1]`."""
    first, last = SIGMA_MAX ** (1 / RHO), SIGMA_MIN ** (1 / RHO)
    return torch.cat([(first + torch.linspace(0, 1, steps) * (last - first)) ** RHO, torch.zeros(1)])


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
    sigmas, scale = sigmas_of(steps), network.scale[:, None, None]
    known = network.look(conditions.features[None], conditions.extras[None]).expand(len(noise), -1, -1, -1)
    fields, cleans = noise * SIGMA_MAX, []
    for step in range(1, steps + 1):
        sigma = sigmas[step - 1].expand(len(fields))
        cleans.append(clean_of(fields, sigma, _guided(network, as_told(fields, sigma), (known, conditions.guidance))))
        fields = _onward(fields, cleans[-2:], sigmas[max(step - 2, 0) : step + 1])
        on_fields(step, cleans[-1] * scale)
    return fields * scale


def _onward(fields: Tensor, cleans: list[Tensor], sigmas: Tensor) -> Tensor:
    """One step of DPM-Solver++(2M) (Lu et al. 2022, arXiv 2211.01095): `sigmas` are the last one, where there is one,
    this one and the next."""
    *_, now, after = sigmas
    if after == 0 or len(cleans) == 1:
        towards = cleans[-1]
    else:
        before = (sigmas[0] / now).log() / (now / after).log()
        towards = cleans[1] + (cleans[1] - cleans[0]) / (2 * before)
    return after / now * fields + (1 - after / now) * towards


def _guided(network: HappeningDenoiser, told: tuple[Tensor, Tensor], how: tuple[Tensor, float]) -> Tensor:
    """The velocity, driven `guidance` times as far from what is drawn for no picture as the seeing one is."""
    (scaled, times), (known, guidance) = told, how
    if guidance == 1:
        return network(scaled, times, known)
    both = network(scaled.repeat(2, 1, 1, 1), times.repeat(2), torch.cat([known, torch.zeros_like(known)]))
    seeing, blind = both.chunk(2)
    return blind + guidance * (seeing - blind)
