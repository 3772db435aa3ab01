"""Noise levels and solvers, against those of diffusers where it has them."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from diffusers import CMStochasticIterativeScheduler, EDMDPMSolverMultistepScheduler, EDMEulerScheduler
from diffusers.schedulers import AysSchedules

from pipelines.families.svd.architecture import scheduler
from pipelines.families.svd.presets import guidance_interval, recipe_for
from pipelines.families.svd.schedule import State, ays_sigmas, consistency, dpm_solver, euler, karras_sigmas
from pipelines.request import MotionRequest

TARGET = torch.linspace(-1, 1, 24).reshape(1, 2, 1, 3, 4)


def toy(x: torch.Tensor, sigma: float) -> torch.Tensor:
    """The best guess for clean latents spread around `TARGET` with a deviation of a half: a curved path."""
    spread = 0.25
    return (spread * x + sigma**2 * TARGET) / (spread + sigma**2)


def last(states) -> State:
    *_, state = states
    return state


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
@pytest.mark.parametrize("steps", [2, 10, 25])
def test_the_noise_levels_are_those_of_the_releases(steps: int) -> None:
    stock = scheduler()
    stock.set_timesteps(steps)
    assert karras_sigmas(steps) == pytest.approx(stock.sigmas.tolist(), rel=1e-5)


def test_ten_chosen_steps_have_eleven_levels() -> None:
    assert ays_sigmas(10) == AysSchedules["StableDiffusionVideoSigmas"]
    assert len(ays_sigmas(10)) == 11
    for steps in (1, 2, 5, 20):
        sigmas = ays_sigmas(steps)
        assert len(sigmas) == steps + 1
        assert sigmas == sorted(sigmas, reverse=True)
        assert (sigmas[0], sigmas[-1]) == (pytest.approx(700), 0)


def test_a_lower_first_noise() -> None:
    assert karras_sigmas(5, 100)[0] == pytest.approx(100)
    assert max(ays_sigmas(10, 100)) == pytest.approx(100)
    for sigma_max in (10.0, 54.5, 100.0, 699.0):
        levels = ays_sigmas(10, sigma_max)
        assert len(levels) == 11
        assert all(later < earlier for earlier, later in itertools.pairwise(levels))


@pytest.mark.parametrize(("ours", "theirs"), [(euler, EDMEulerScheduler), (dpm_solver, EDMDPMSolverMultistepScheduler)])
@pytest.mark.parametrize("steps", [3, 10, 25])
def test_solvers_equal_those_of_diffusers(ours, theirs, steps: int) -> None:
    stock = theirs(
        sigma_min=0.002, sigma_max=700.0, sigma_data=1.0, prediction_type="v_prediction", sigma_schedule="karras"
    )
    stock.set_timesteps(steps)
    begin = torch.randn(TARGET.shape, generator=torch.Generator().manual_seed(0)) * (700**2 + 1) ** 0.5
    x = begin
    for sigma, step in zip(stock.sigmas, stock.timesteps, strict=False):
        stock.scale_model_input(x, step)
        variance = sigma**2 + 1
        velocity = (x / variance - toy(x, float(sigma))) * variance**0.5 / sigma
        x = stock.step(velocity, step, x).prev_sample
    state = last(ours(toy, State(begin.double()), karras_sigmas(steps)))
    assert (state.x - x).abs().max() <= 2e-3


def test_dpm_is_nearer_to_the_end_of_the_path_than_euler() -> None:
    begin = torch.randn(TARGET.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 700
    truth = last(euler(toy, State(begin), karras_sigmas(3000))).x

    def error(solver, steps: int) -> float:
        return float((last(solver(toy, State(begin), karras_sigmas(steps))).x - truth).norm())

    assert error(dpm_solver, 25) < error(euler, 25) / 1.5
    assert error(euler, 100) < error(euler, 25)


@pytest.mark.parametrize("solver", [euler, dpm_solver, consistency(3)])
def test_a_run_goes_on_from_any_state(solver) -> None:
    begin, sigmas = State(torch.ones(TARGET.shape) * 700), karras_sigmas(6)
    states = list(solver(toy, begin, sigmas))
    for done in range(1, 6):
        again = last(solver(toy, states[done - 1], sigmas[done:]))
        assert torch.equal(again.x, states[-1].x)


def test_distilled_weights_go_all_the_way_in_each_step() -> None:
    states = list(consistency(3)(toy, State(torch.ones(TARGET.shape) * 700), karras_sigmas(4)))
    assert torch.equal(states[-1].x, states[-1].seen)
    noise = states[0].x - states[0].seen
    assert noise.std() == pytest.approx(karras_sigmas(4)[1], rel=0.5)
    assert not torch.equal(states[0].x, next(consistency(4)(toy, State(torch.ones(TARGET.shape) * 700), [700, 9])).x)


@pytest.mark.parametrize("steps", [1, 2, 4, 8])
def test_distilled_weights_are_asked_where_they_were_distilled(steps: int) -> None:
    theirs = CMStochasticIterativeScheduler(num_train_timesteps=40, sigma_min=0.002, sigma_max=700.0, rho=7.0)
    theirs.set_timesteps(steps)
    recipe = recipe_for(MotionRequest(num_inference_steps=steps, speed="turbo"))
    assert recipe.sigmas[:-1] == pytest.approx(theirs.sigmas[:-1].tolist(), rel=1e-5)
    assert recipe.sigmas[-1] == 0
    assert recipe.sigmas[-2] > 10 * 0.002, "nothing is left for the last step"


def test_speeds() -> None:
    def recipe(**changes):
        return recipe_for(MotionRequest(num_inference_steps=10, **changes))

    assert recipe().sigmas == karras_sigmas(10)
    assert recipe(speed="fast").sigmas == ays_sigmas(10)
    assert recipe(speed="fast", solver="dpm").solver is dpm_solver
    assert recipe(speed="fast").reuse().interval == 1
    assert recipe(speed="faster").reuse().interval == 2
    assert len(recipe(speed="turbo").sigmas) == 11
    low, high = guidance_interval(MotionRequest(speed="faster"))
    assert sum(low <= sigma <= high for sigma in ays_sigmas(10)) == 8
    assert guidance_interval(MotionRequest()) == (0, 700)
    assert math.isclose(guidance_interval(MotionRequest(speed="faster", guidance_sigma_low=2))[0], 2)
