"""How strongly each frame, at each noise level, follows the still rather than no still at all."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from pipelines.families.svd.controls import Controls
from pipelines.families.svd.cost import uses_guidance
from pipelines.families.svd.presets import guidance_interval
from pipelines.request import MotionRequest, asked


@dataclass(frozen=True)
class Guidance:
    """`scale` float32 `[F, 1, 1, 1]` on its device, applied between the noise levels `low` and `high`, both included.

    `wanted` says whether there is guidance at all: scales of 1 or less leave the model as it is. Asking the scale on
    the device would wait for it in every step.
    """

    scale: torch.Tensor
    wanted: bool
    low: float
    high: float

    def acts_at(self, sigma: float) -> bool:
        """Whether a step at this noise level needs the second pass, without the still."""
        return self.wanted and self.low <= sigma <= self.high

    def guided(self, without: torch.Tensor, with_still: torch.Tensor) -> torch.Tensor:
        """Classifier-free guidance (Ho and Salimans 2022, arXiv 2207.12598), `[B, F, ...]`, in float32."""
        base = without.float()
        return base + self.scale * (with_still.float() - base)


def guidance_for(request: MotionRequest, device: torch.device) -> Guidance:
    """The guidance that `request` asks for.

    Linear rises from the first frame to the last, as in the reference; triangle rises to the middle frame and falls
    again, for clips that are to end where they began. The interval is that of Kynkäänniemi et al. 2024
    (arXiv 2404.07724).
    """
    low, high = request.min_guidance_scale, request.max_guidance_scale
    scale = torch.linspace(low, high, request.num_frames)
    if asked(request, Controls).guidance_shape == "triangle":
        rise = torch.linspace(0, 1, request.num_frames)
        scale = low + (high - low) * (1 - (2 * rise - 1).abs())
    return Guidance(scale[:, None, None, None].to(device), uses_guidance(request), *guidance_interval(request))
