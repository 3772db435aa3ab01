"""Sampling: from noise to the latents of a clip, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from pipelines.contract import RGB, Checkpoint, Draft
from pipelines.errors import BadFrames
from pipelines.families.svd.conditions import Seen, encode
from pipelines.families.svd.denoiser import Denoiser
from pipelines.families.svd.guards import check_finite
from pipelines.families.svd.guidance import guidance_for
from pipelines.families.svd.guide import FreshGuide, Guide, encoded, guided, latents_of
from pipelines.families.svd.meeting import Ends, two_sided
from pipelines.families.svd.network.transformer import Shape
from pipelines.families.svd.networks import ENCODING, SAMPLING, Networks
from pipelines.families.svd.plan import Plan
from pipelines.families.svd.presets import Recipe, recipe_for
from pipelines.families.svd.preview import looks_at
from pipelines.families.svd.schedule import State
from pipelines.families.svd.watch import Watch
from pipelines.request import MotionRequest

FINITE_EVERY = 5
"""Steps between two looks at whether all numbers are finite. Each look waits for the device; a bad number stays bad."""

FEED_FORWARD_BYTES = 128 * 2**20
"""Bytes of the widest part of a feed-forward that passes through at once: enough to keep a GPU busy."""

FEED_FORWARD_BYTES_CPU = 8 * 2**20
"""The same for a CPU, whose caches hold that much."""

GEGLU_WIDTH = 8
"""How much wider than its input a feed-forward is inside, gate included."""


@dataclass
class Sampling:
    """A run of the sampler, to be carried on under another plan where one fails: `state` is after `done` steps.

    `safe` is the last step and state that were looked at and found finite. A `draft` of what was said guides the run;
    `guide` is what was made of it. The clip ends with the still `last` where there is one.
    """

    networks: Networks
    still: RGB
    request: MotionRequest
    watch: Watch
    draft: Draft | None = None
    guide: Guide | None = None
    last: RGB | None = None
    done: int = 0
    state: State | None = None
    safe: tuple[int, State | None] = (0, None)

    def resume(self, checkpoint: Checkpoint) -> None:
        """Goes on from a checkpoint of the same still and request."""
        device = self.networks.device
        arrays = {name: torch.from_numpy(np.array(array)).to(device) for name, array in checkpoint.arrays.items()}
        sigma = recipe_for(self.request).sigmas[checkpoint.step - 1]
        self.done, self.state = checkpoint.step, State(arrays["x"], arrays.get("seen"), sigma)
        self.safe = (self.done, self.state)

    @property
    def steps(self) -> int:
        """How many there are."""
        return len(recipe_for(self.request).sigmas) - 1

    @torch.no_grad()
    def run(self, plan: Plan) -> torch.Tensor:
        """Scaled latents of the clip, float32 `[1, F, 4, h, w]` on the device, all finite.

        Raises `BadFrames`, and whatever the watcher raises, after each step.
        """
        recipe = recipe_for(self.request)
        total = len(recipe.sigmas) - 1
        state = self.state
        if state is None or self.done < total:
            state = self._steps(plan, recipe)
        return state.x

    def _steps(self, plan: Plan, recipe: Recipe) -> State:
        # One generator for both, the still's noise first: the order in which the stock pipeline draws.
        generator = torch.Generator("cpu").manual_seed(self.request.seed)
        self.networks.ready(ENCODING, plan)
        seen, noise = encode(self.networks, self.still, self.request, generator), self._noise(generator)
        ending = None if self.last is None else encode(self.networks, self.last, self.request, generator)
        ends = None if self.last is None else self._ends(self.last, noise)
        guide = None if self.draft is None else self._guide(self.draft, noise, recipe)
        denoiser, solver = self._denoiser(plan, recipe, seen), recipe.solver
        if ending is not None and ends is not None:
            solver = two_sided(solver, self._denoiser(plan, recipe, ending), ends)
        if guide is not None:
            solver = guided(solver, guide)
        begun = state = self.state or State((noise * (recipe.sigmas[0] ** 2 + 1) ** 0.5).to(self.networks.device))
        total = len(recipe.sigmas) - 1
        self.watch.begin("sampling", total, self.done)
        compiling = self.networks.expect(self.request)
        if compiling:
            self.watch.note(compiling)
        looks = looks_at(self.request, plan, total, self.networks.drawer)
        for state in solver(denoiser, begun, recipe.sigmas[self.done :]):
            self.state, self.done = state, self.done + 1
            is_last = self.done == total
            if is_last or self.done % FINITE_EVERY == 0:
                self._check(state, total)
            is_whole = is_last or not denoiser.reuse.is_midway
            look = looks.at(self.done, state.seen)
            self.watch.reached(
                self.done, look, partial(_copy, state, self.done, self.networks.kind) if is_whole else None
            )
        return state

    def _check(self, state: State, total: int) -> None:
        """Goes back to where all numbers were finite when some are not, and raises `BadFrames`."""
        try:
            check_finite(state.x, self.networks.dtype, f"at step {self.done} of {total}")
        except BadFrames:
            self.done, self.state = self.safe
            raise
        self.safe = (self.done, state)

    def _ends(self, last: RGB, noise: torch.Tensor) -> Ends:
        first, other = latents_of(self.networks, self.still, last)
        return Ends(first, other, noise.to(self.networks.device), self.request.seed)

    def _guide(self, draft: Draft, noise: torch.Tensor, recipe: Recipe) -> Guide:
        """Made once, whatever the plan."""
        if self.guide is None:
            kind = FreshGuide if recipe.redraws else Guide
            self.guide = kind(*encoded(self.networks, draft, self.watch), noise.to(self.networks.device))
        return self.guide

    def _denoiser(self, plan: Plan, recipe: Recipe, seen: Seen) -> Denoiser:
        networks, request = self.networks, self.request
        networks.ready(SAMPLING, plan)
        conditions = seen.into(networks.unet, request)
        shape = Shape(request.num_frames, feed_forward_rows(networks))
        guidance = guidance_for(request, networks.device)
        return Denoiser(networks.unet, conditions, guidance, shape, not plan.split, recipe.reuse())

    def _noise(self, generator: torch.Generator) -> torch.Tensor:
        """Of unit variance. Drawn on the CPU, so that a seed gives the same noise on every device."""
        request = self.request
        shape = (1, request.num_frames, 4, request.height // 8, request.width // 8)
        return torch.randn(shape, generator=generator)


def _copy(state: State, done: int, made_by: str) -> Checkpoint:
    """A copy of the run after `done` steps, from which it goes on to the very same frames."""
    tensors = {"x": state.x, "seen": state.seen}
    return Checkpoint(done, {name: t.float().cpu().numpy() for name, t in tensors.items() if t is not None}, made_by)


def feed_forward_rows(networks: Networks) -> int:
    """Tokens that pass through a feed-forward at once; chosen for its widest use, at the UNet's first level."""
    budget = FEED_FORWARD_BYTES_CPU if networks.device.type == "cpu" else FEED_FORWARD_BYTES
    width = networks.unet.module.config.block_out_channels[0] * GEGLU_WIDTH
    return max(1, budget // (width * networks.dtype.itemsize))
