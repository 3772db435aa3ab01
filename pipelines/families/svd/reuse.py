"""Deep features of one step used again in the next: a step in between computes the outermost layers only.

The idea is DeepCache's (Ma et al. 2023, arXiv 2312.00858). An approximation, and off unless a preset asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from pipelines.families.svd.network.unet import Inputs, Unet


@dataclass
class Reuse:
    """Runs a whole pass in every `interval`-th step, for each branch of guidance by itself; 1 reuses nothing."""

    interval: int = 1
    _step: int = -1
    _deep: dict[tuple[int, int], torch.Tensor] = field(default_factory=dict)

    @property
    def is_midway(self) -> bool:
        """Whether the next step may need features that only this memory has."""
        return (self._step + 1) % self.interval != 0

    def begin_step(self) -> None:
        """A step begins; what was kept is forgotten if it is too old for it."""
        if not self.is_midway:
            self._deep.clear()
        self._step += 1

    def run(self, unet: Unet, inputs: Inputs, branch: slice) -> torch.Tensor:
        """The UNet's output `[B, F, 4, h, w]`."""
        key = (branch.start, branch.stop)
        if key in self._deep:
            return unet.shallow(inputs, self._deep[key])
        seen = unet.full(inputs)
        if self.interval > 1:
            self._deep[key] = seen.deep
        return seen.velocity
