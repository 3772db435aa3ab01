"""The model's guess at the clean latents: preconditioning, guidance, and the passes of the UNet it takes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch

from pipelines.families.svd.guidance import Guidance
from pipelines.families.svd.network.transformer import Shape
from pipelines.families.svd.network.unet import Context, Inputs, Unet
from pipelines.families.svd.reuse import Reuse

WITHOUT, WITH_STILL, BOTH = slice(0, 1), slice(1, 2), slice(0, 2)
"""Where the two branches of guidance are among the conditions; the first one never sees the still."""


@dataclass(frozen=True)
class Conditions:
    """What the clip is made from, for the branches without and with the still.

    `context` holds both branches; `still` `[1, 1, 4, h, w]` is the unscaled latent of the still, which the branch
    without it sees as zeros.
    """

    context: Context
    still: torch.Tensor


@dataclass
class Denoiser:
    """`denoise(x, sigma)` of `pipelines.families.svd.schedule` for one clip.

    `together` runs both branches of guidance in one pass: half of the kernels to launch, twice the memory.
    """

    unet: Unet
    conditions: Conditions
    guidance: Guidance
    shape: Shape
    together: bool = False
    reuse: Reuse = field(default_factory=Reuse)

    def __call__(self, x: torch.Tensor, sigma: float) -> torch.Tensor:
        """Clean latents `[1, F, 4, h, w]` as the model sees them now, float32; nothing in here waits for the device."""
        self.reuse.begin_step()
        variance = sigma**2 + 1
        scaled = x / variance**0.5
        velocity = self._velocity(scaled, sigma)
        return x / variance - velocity * (sigma / variance**0.5)

    def _velocity(self, scaled: torch.Tensor, sigma: float) -> torch.Tensor:
        if not self.guidance.acts_at(sigma):
            return self._branch(scaled, sigma, WITH_STILL).float()
        if self.together:
            without, with_still = self._branch(scaled, sigma, BOTH).split(1)
        else:
            without, with_still = (self._branch(scaled, sigma, branch) for branch in (WITHOUT, WITH_STILL))
        return self.guidance.guided(without, with_still)

    def _branch(self, scaled: torch.Tensor, sigma: float, branch: slice) -> torch.Tensor:
        """The UNet's output `[B, F, 4, h, w]`, in its dtype, for one branch or both."""
        x = torch.cat(list(self._inputs(scaled, branch)))
        # The noise level as the UNet is told it: a quarter of its logarithm (Karras et al. 2022, table 1).
        noise = torch.full((1,), 0.25 * math.log(sigma), device=x.device)
        return self.reuse.run(
            self.unet, Inputs(x, noise, self.conditions.context.of_branch(branch), self.shape), branch
        )

    def _inputs(self, scaled: torch.Tensor, branch: slice) -> Iterator[torch.Tensor]:
        still = self.conditions.still
        noisy = scaled.to(still.dtype)
        for seen in (torch.zeros_like(still), still)[branch]:
            yield torch.cat([noisy, seen.expand(-1, scaled.shape[1], -1, -1, -1)], dim=2)
