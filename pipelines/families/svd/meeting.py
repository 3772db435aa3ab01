"""Both ends of a clip are given: each step is taken from the one side and then from the other.

After ViBiDSampler (Yang et al. 2024, arXiv 2410.05651): the model knows only how a clip goes on from a still, so it
sees the clip forwards with the first still, and then, with new noise, backwards with the last. Both ends are put in
place after either half, so that at last they are the stills' own latents. It takes no training, and twice the passes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import torch

from pipelines.families.svd.schedule import Denoise, Solver, State

TWO_SIDED = "Each step is taken from both ends of the clip, so this run takes twice as long."
"""Of every run that ends with a picture."""


@dataclass(frozen=True, eq=False)
class Ends:
    """Scaled latents of the first and the last still, float32 `[1, 1, 4, h, w]`, and the `noise` that the run begins
    with, `[1, F, 4, h, w]`; `seed` draws the noise between the two halves of a step."""

    first: torch.Tensor
    last: torch.Tensor
    noise: torch.Tensor
    seed: int

    def put(self, state: State, sigma: float) -> State:
        """The state at a noise level with both ends in place, in what the model saw as clean as well."""
        x = self._with_ends(state.x, self.first + sigma * self.noise[:, :1], self.last + sigma * self.noise[:, -1:])
        seen = None if state.seen is None else self._with_ends(state.seen, self.first, self.last)
        return replace(state, x=x, seen=seen)

    def noisier(self, state: State, before: float, sigma: float) -> State:
        """Back at the noise level `before`, by noise that depends on the seed and the level alone: a run goes on from a
        checkpoint to the same frames."""
        generator = torch.Generator().manual_seed(self.seed + int(1e6 * sigma))
        fresh = torch.randn(state.x.shape, generator=generator).to(state.x.device)
        return State(state.x + (before**2 - sigma**2) ** 0.5 * fresh)

    @staticmethod
    def _with_ends(clip: torch.Tensor, first: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
        return torch.cat([first.to(clip), clip[:, 1:-1], last.to(clip)], 1)


def two_sided(solver: Solver, backwards: Denoise, ends: Ends) -> Solver:
    """The solver, by single steps from both ends; `backwards` sees the clip from its last still."""

    def solve(denoise: Denoise, state: State, sigmas: list[float]) -> Iterator[State]:
        for before, sigma in pairwise(sigmas):
            state = ends.put(next(solver(denoise, State(state.x), [before, sigma])), sigma)
            # without noise there is no way back
            if sigma:
                turned = _turned(ends.noisier(state, before, sigma))
                state = ends.put(_turned(next(solver(backwards, turned, [before, sigma]))), sigma)
            yield state

    return solve


def _turned(state: State) -> State:
    """The last frame first."""
    return replace(state, x=state.x.flip(1), seen=None if state.seen is None else state.seen.flip(1))
