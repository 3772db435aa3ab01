"""The noise levels that a clip is sampled through, and the solvers that step through them.

In the vocabulary of Karras et al. 2022 (arXiv 2206.00364) and k-diffusion: `sigma` is the standard deviation of the
noise on latents of unit variance; `denoise(x, sigma)` is the model's guess at the clean latents.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import torch

Denoise = Callable[[torch.Tensor, float], torch.Tensor]
"""Noisy latents and their sigma to the clean ones as the model sees them, float32 both."""


@dataclass(frozen=True)
class State:
    """A run between two steps: the latents `x`, float32 `[1, F, 4, h, w]`, before any step or after one.

    After one, `seen` is what the model saw as clean in it, and `sigma` the noise level that it was told.
    """

    x: torch.Tensor
    seen: torch.Tensor | None = None
    sigma: float = 0.0


Solver = Callable[[Denoise, State, list[float]], Iterator[State]]
"""From a state through falling noise levels, of which the first is the one it is at; yields after every step."""

SIGMA_MIN, SIGMA_MAX = 0.002, 700.0
"""The noise levels that the releases were trained between (reference, `scripts/sampling/configs/svd_xt.yaml`)."""

RHO = 7.0
"""How strongly the steps gather at low noise (Karras et al. 2022, table 1)."""

AYS_SIGMAS = (700.0, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.0)
"""Ten steps optimised for this model: Align Your Steps (Sabour et al. 2024, arXiv 2404.14507). Eleven values: without
the last 0 the clip would keep noise of 0.034."""


def karras_sigmas(steps: int, sigma_max: float = SIGMA_MAX) -> list[float]:
    """`steps` + 1 falling noise levels from `sigma_max` to 0 (Karras et al. 2022, equation 5)."""
    high, low = sigma_max ** (1 / RHO), SIGMA_MIN ** (1 / RHO)
    ramp = (index / max(1, steps - 1) for index in range(steps))
    return [*((high + part * (low - high)) ** RHO for part in ramp), 0.0]


DISTILLED_STEPS = 40
"""Noise levels that AnimateLCM was distilled between (its `num_train_timesteps`)."""


def distilled_sigmas(steps: int, sigma_max: float = SIGMA_MAX) -> list[float]:
    """The levels that distilled weights are asked at: every so many of the ones they were distilled between, and 0.

    As in AnimateLCM's scheduler for this model, diffusers' `CMStochasticIterativeScheduler` but for the end at 0: the
    last step is well above no noise, where the model has something left to do.
    """
    levels = max(DISTILLED_STEPS, steps)
    apart = levels // steps
    high, low = sigma_max ** (1 / RHO), SIGMA_MIN ** (1 / RHO)
    ramp = (index * apart / (levels - 1) for index in range(steps))
    return [*((high + part * (low - high)) ** RHO for part in ramp), 0.0]


def ays_sigmas(steps: int, sigma_max: float = SIGMA_MAX) -> list[float]:
    """The published noise levels for ten steps; for other numbers interpolated in the logarithm, as its authors do.

    From a lower `sigma_max` on, as many levels as ever, from there down: none is there twice.
    """
    if steps == len(AYS_SIGMAS) - 1 and sigma_max >= SIGMA_MAX:
        return list(AYS_SIGMAS)
    logs = [math.log(sigma) for sigma in AYS_SIGMAS[:-1]]
    last = len(logs) - 1
    first = _place_of(logs, math.log(sigma_max))
    places = (first + index / max(1, steps - 1) * (last - first) for index in range(steps))
    return [*(math.exp(_between(logs, place)) for place in places), 0.0]


def _place_of(falling: list[float], value: float) -> float:
    """Where among falling values one would stand: 0 at the first, 0.5 halfway to the second."""
    for index, (high, low) in enumerate(pairwise(falling)):
        if value > low:
            return index + max(0.0, (high - value) / (high - low))
    return float(len(falling) - 1)


def _between(values: list[float], place: float) -> float:
    left = min(int(place), len(values) - 2)
    return values[left] + (place - left) * (values[left + 1] - values[left])


def euler(denoise: Denoise, state: State, sigmas: list[float]) -> Iterator[State]:
    """Euler steps along the probability flow: the reference sampler of the releases.

    x + (x - seen) / sigma * (following - sigma), without taking two large numbers from each other: at a noise of 700
    that would leave an error of 1e-4 in float32.
    """
    x = state.x
    for sigma, following in pairwise(sigmas):
        seen = denoise(x, sigma)
        x = seen + (x - seen) * (following / sigma)
        yield State(x, seen, sigma)


def dpm_solver(denoise: Denoise, state: State, sigmas: list[float]) -> Iterator[State]:
    """DPM-Solver++(2M), midpoint (Lu et al. 2022, arXiv 2211.01095): second order at the price of one call per step.

    The first and the last step are of first order: there is nothing before the one, and no noise after the other.
    """
    for sigma, following in pairwise(sigmas):
        guess = seen = denoise(state.x, sigma)
        if state.seen is not None and following:
            ratio = math.log(sigma / following) / math.log(state.sigma / sigma)
            guess = seen + (seen - state.seen) * (ratio / 2)
        x = state.x * (following / sigma) + guess * (1 - following / sigma)
        state = State(x, seen, sigma)
        yield state


def consistency(seed: int) -> Solver:
    """Steps of a distilled model, each of which goes all the way: new noise is added for the next one.

    Multistep consistency sampling (Song et al. 2023, arXiv 2303.01469, algorithm 1). The noise of a step depends on
    `seed` and its noise level alone, so that a run goes on from a checkpoint to the same frames.
    """

    def solve(denoise: Denoise, state: State, sigmas: list[float]) -> Iterator[State]:
        x = state.x
        for sigma, following in pairwise(sigmas):
            seen = denoise(x, sigma)
            generator = torch.Generator().manual_seed(seed + int(1e6 * sigma))
            x = seen + following * torch.randn(x.shape, generator=generator).to(x.device)
            yield State(x, seen, sigma)

    return solve
