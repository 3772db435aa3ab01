"""How a pipeline is fitted into memory: where its weights wait, and what is given up for room. Knows no torch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Placement = Literal["whole", "parts", "layers"]
"""Where weights are: all on the device, each part there in its turn, or each layer."""

LEAST_HEADROOM = 2e9
"""Bytes beside the weights for what a run works on, at least; a guess, for pipelines that nobody has measured."""

HEADROOM_SHARE = 0.25
"""Share of the device's memory that is kept free for that."""


@dataclass(frozen=True)
class Plan:
    """One way to run a pipeline, cheaper in memory and dearer in time than the one before.

    `tiles` decodes the picture in tiles that overlap, `eight_bit` keeps the denoiser's weights in 8 bit: both change
    the clip a little.
    """

    placement: Placement
    tiles: bool = False
    eight_bit: bool = False

    def __str__(self) -> str:
        """In words for the person."""
        words = {
            "whole": "",
            "parts": "each part of the model on the GPU in its turn",
            "layers": "the weights brought layer by layer",
        }
        told = [words[self.placement]]
        told += ["the denoiser's weights in 8 bit"] if self.eight_bit else []
        told += ["frames decoded in tiles"] if self.tiles else []
        return ", ".join(filter(None, told)) or "all at once"

    @property
    def change(self) -> str:
        """What the person has to expect of the clip."""
        if self.eight_bit:
            return "The clip becomes a slightly different one."
        return "The tiles may show as faint seams." if self.tiles else "The clip stays the same."


@dataclass(frozen=True)
class Weights:
    """Bytes of all weights as they are loaded, and of the largest part."""

    all_bytes: float
    largest_bytes: float


def plans_for(kind: Literal["cpu", "gpu"]) -> list[Plan]:
    """All plans, each cheaper than the one before. A CPU has nowhere else to put things."""
    whole = Plan("whole")
    tiled = replace(whole, tiles=True)
    if kind == "cpu":
        return [whole, tiled, replace(tiled, eight_bit=True)]
    layers = Plan("layers")
    return [whole, Plan("parts"), layers, replace(layers, tiles=True), replace(layers, tiles=True, eight_bit=True)]


def first_that_fits(plans: list[Plan], weights: Weights, free_bytes: float) -> int:
    """The number of the first plan whose weights leave room to work in; else of the last that gives the exact clip."""
    room = free_bytes - max(LEAST_HEADROOM, HEADROOM_SHARE * free_bytes)
    needed = {"whole": weights.all_bytes, "parts": weights.largest_bytes, "layers": 0.0}
    exact = [number for number, plan in enumerate(plans) if not plan.tiles and not plan.eight_bit]
    return next((number for number in exact if needed[plans[number].placement] <= room), exact[-1])


def next_plan(plans: list[Plan], number: int, is_sampled: bool) -> int | None:
    """The plan to take where memory ran out under plan `number`; None where there is none.

    While sampling, tiles alone help nothing.
    """
    now = plans[number]
    for after, plan in enumerate(plans[number + 1 :], number + 1):
        if is_sampled or plan.placement != now.placement or plan.eight_bit:
            return after
    return None
