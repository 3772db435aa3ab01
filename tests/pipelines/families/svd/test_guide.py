"""A draft in the sampler: with toy denoisers, of which every result is known."""

from __future__ import annotations

import math

import pytest
import torch

from pipelines.families.svd.guide import STRONG, WEAK, FreshGuide, Guide, guided
from pipelines.families.svd.schedule import State, consistency, dpm_solver, euler, karras_sigmas

SHAPE = (1, 3, 4, 6, 5)

SOLVERS = {"euler": euler, "dpm": dpm_solver, "turbo": consistency(3)}

SIGMAS = karras_sigmas(25)


def random(seed: int, scale: float = 1.0) -> torch.Tensor:
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed)) * scale


NOISE, DRAFT, WISH = random(0), random(1), random(2)


def toy(x: torch.Tensor, sigma: float) -> torch.Tensor:
    """The best guess for clean latents around `WISH` that share their mean over the frames: places hang together."""
    mixed = (x + x.mean((1, 3, 4), keepdim=True)) / 2
    return (0.25 * mixed + sigma**2 * WISH) / (0.25 + sigma**2)


def cells(what: str) -> torch.Tensor:
    """None of the cells, all of them, or the left part."""
    mask = torch.zeros(1, 3, 1, 6, 5, dtype=torch.bool)
    mask[..., : {"none": 0, "left": 2, "all": 5}[what]] = True
    return mask


def guide_for(name: str, moved: str = "none", held: str = "none") -> Guide:
    return (FreshGuide if name == "turbo" else Guide)(DRAFT, cells(moved), cells(held), NOISE)


def begin() -> State:
    return State(NOISE * (SIGMAS[0] ** 2 + 1) ** 0.5)


@pytest.mark.parametrize("name", SOLVERS)
def test_a_draft_that_is_meant_nowhere_changes_no_bit(name: str) -> None:
    free = list(SOLVERS[name](toy, begin(), SIGMAS))
    states = list(guided(SOLVERS[name], guide_for(name))(toy, begin(), SIGMAS))
    assert len(states) == len(free) == 25
    assert all(torch.equal(state.x, other.x) for state, other in zip(states, free, strict=True))


@pytest.mark.parametrize("name", SOLVERS)
def test_what_is_held_ends_as_it_was_drawn_and_the_rest_does_not(name: str) -> None:
    *_, state = guided(SOLVERS[name], guide_for(name, held="left"))(toy, begin(), SIGMAS)
    assert torch.equal(state.x[..., :2], DRAFT[..., :2])
    assert (state.x - DRAFT)[..., 2:].abs().mean() > 0.1


@pytest.mark.parametrize("name", SOLVERS)
def test_what_moves_is_drawn_while_the_layout_is_made_and_free_afterwards(name: str) -> None:
    states = list(guided(SOLVERS[name], guide_for(name, moved="left"))(toy, begin(), SIGMAS))
    levels = SIGMAS[1:]
    steps = list(zip(SIGMAS, levels, states, strict=False))
    put = [sigma for before, sigma, _ in steps if sigma <= WEAK and before > STRONG]
    assert put, "levels at which the draft is put in place"
    for before, sigma, state in steps:
        is_put = torch.equal(state.seen[..., :2], DRAFT[..., :2])
        assert is_put == (sigma in put), f"from {before:.1f} to {sigma:.1f}"
        if is_put and name != "turbo":
            assert torch.equal(state.x[..., :2], (DRAFT + sigma * NOISE)[..., :2]), "one noise, that of the beginning"
    assert (states[-1].x - DRAFT)[..., :2].abs().mean() > 0.1


def test_steps_too_large_for_the_window_meet_the_draft_once() -> None:
    first, *_ = guided(euler, guide_for("euler", moved="all"))(toy, begin(), [700.0, 12.0, 0.0])
    assert torch.equal(first.x, DRAFT + 12 * NOISE)


def test_a_run_that_begins_within_the_window_begins_with_the_draft() -> None:
    told: list[torch.Tensor] = []

    def listening(x: torch.Tensor, sigma: float) -> torch.Tensor:
        told.append(x)
        return toy(x, sigma)

    sigmas = karras_sigmas(4, 60)
    list(guided(euler, guide_for("euler", moved="left"))(listening, State(NOISE * math.hypot(60, 1)), sigmas))
    assert torch.equal(told[0][..., :2], DRAFT[..., :2] + sigmas[0] * NOISE[..., :2])
    assert torch.equal(told[0][..., 2:], NOISE[..., 2:] * math.hypot(60, 1)), "the rest begins with plain noise"


def test_a_solver_that_looks_back_sees_the_draft_there() -> None:
    """What the model thought before the draft was put in place does not come back in the steps after it."""

    def astray_at_first(x: torch.Tensor, sigma: float) -> torch.Tensor:
        return DRAFT + 50 if sigma > STRONG else DRAFT

    *_, state = guided(dpm_solver, guide_for("dpm", moved="all"))(astray_at_first, begin(), SIGMAS)
    assert (state.x - DRAFT).abs().max() < 1e-4


@pytest.mark.parametrize("name", SOLVERS)
def test_a_guided_run_goes_on_from_any_state(name: str) -> None:
    guide = guide_for(name, moved="left", held="none")
    guide = type(guide)(DRAFT, guide.moved, cells("left").roll(1, -1), NOISE)
    states = list(guided(SOLVERS[name], guide)(toy, begin(), SIGMAS))
    for done in range(1, 25):
        *_, again = guided(SOLVERS[name], guide)(toy, states[done - 1], SIGMAS[done:])
        assert torch.equal(again.x, states[-1].x), f"from step {done}"
