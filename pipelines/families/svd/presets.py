"""What a request's speed comes to: which solver steps through which noise levels, and what is used again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pipelines.families.svd.controls import Controls
from pipelines.families.svd.reuse import Reuse
from pipelines.families.svd.schedule import (
    Solver,
    ays_sigmas,
    consistency,
    distilled_sigmas,
    dpm_solver,
    euler,
    karras_sigmas,
)
from pipelines.request import MotionRequest, asked

SOLVERS: dict[str, Solver] = {"euler": euler, "dpm": dpm_solver}

REUSE_INTERVAL = 2
"""Every other step of "faster" is a whole one."""

GUIDANCE_END = 0.3
"""Noise level below which "faster" leaves guidance out: the last of its ten steps, where the motion is settled."""


@dataclass(frozen=True)
class Recipe:
    """A solver and its noise levels; `reuse` makes a fresh memory of deep features for one run.

    `redraws` tells that the solver draws new noise in each step.
    """

    solver: Solver
    sigmas: list[float]
    reuse: Callable[[], Reuse] = Reuse
    redraws: bool = False


def recipe_for(request: MotionRequest) -> Recipe:
    """The recipe of a request, with `num_inference_steps` steps at every speed."""
    own, steps = asked(request, Controls), request.num_inference_steps
    solver = SOLVERS[own.solver]
    if own.speed == "exact":
        return Recipe(solver, karras_sigmas(steps, own.sigma_max))
    if own.speed == "turbo":
        return Recipe(consistency(request.seed), distilled_sigmas(steps, own.sigma_max), redraws=True)
    sigmas = ays_sigmas(steps, own.sigma_max)
    if own.speed == "fast":
        return Recipe(solver, sigmas)
    return Recipe(solver, sigmas, partial(Reuse, REUSE_INTERVAL))


def guidance_interval(request: MotionRequest) -> tuple[float, float]:
    """The lowest and the highest noise level with guidance."""
    own = asked(request, Controls)
    low = own.guidance_sigma_low
    return (max(low, GUIDANCE_END) if own.speed == "faster" else low), own.guidance_sigma_high
