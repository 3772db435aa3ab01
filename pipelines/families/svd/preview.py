"""A look at a clip while it is sampled: by one small matrix product, or by TAESD where a person has added it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch

from pipelines.contract import RGB
from pipelines.families.svd import cost
from pipelines.families.svd.plan import Plan, flops
from pipelines.request import MotionRequest

LATENT_TO_RGB = (
    (0.298, 0.207, 0.208),
    (0.187, 0.286, 0.173),
    (-0.158, 0.189, 0.264),
    (-0.184, -0.271, -0.473),
)
"""Red, green and blue, from -1 to 1, per latent channel: a linear fit of the Stable Diffusion VAE, which SVD shares.

Source: "Decoding latents to RGB without upscaling", discuss.huggingface.co/t/23204, post 7.
"""

SHARE = 0.02
"""Share of a run's operations that looks at it may take."""


class Drawer(Protocol):
    """What draws better looks than the linear map."""

    def draw(self, latents: torch.Tensor) -> RGB | None:
        """Scaled latents `[1, F, 4, h, w]` as a small moving picture, uint8 `[F, h', w', 3]`; None where it cannot."""
        ...


@dataclass
class Looks:
    """The looks at a run of `total` steps, `count` of which are drawn by `drawer`, evenly spread, the last among them.

    Before the first of those the linear map stands in; after it, what was drawn stays until the next.
    """

    drawer: Drawer | None
    count: int
    total: int

    def at(self, step: int, latents: torch.Tensor | None) -> RGB | None:
        """What to show after `step` steps; None to leave what is shown."""
        drawn = step * self.count // self.total
        if self.drawer is None or drawn == 0 or latents is None:
            return preview(latents)
        if drawn == (step - 1) * self.count // self.total:
            return None
        return self.drawer.draw(latents)


def looks_at(request: MotionRequest, plan: Plan, total: int, drawer: Drawer | None) -> Looks:
    """As many drawn looks as stay within `SHARE` of the operations of the run."""
    affordable = SHARE * flops(plan, request) / (cost.LOOK_FLOPS * cost.scale(request))
    return Looks(drawer, min(total, int(affordable)), total)


def preview(latents: torch.Tensor | None) -> RGB | None:
    """Scaled latents `[1, F, 4, h, w]` as a small moving picture, uint8 `[F, h, w, 3]`; None for other channels."""
    if latents is None or latents.shape[2] != len(LATENT_TO_RGB):
        return None
    to_rgb = torch.tensor(LATENT_TO_RGB, device=latents.device)
    return to_bytes(torch.einsum("fchw,cr->fhwr", latents[0].float(), to_rgb))


def to_bytes(picture: torch.Tensor) -> RGB:
    """A picture from -1 to 1 as uint8 of the same shape."""
    # 0.5 rounds to the nearest of the 256 values, as the finished frames are.
    shown = ((picture / 2 + 0.5).nan_to_num().clamp(0, 1) * 255 + 0.5).byte()
    frames: RGB = shown.cpu().numpy()
    return frames
