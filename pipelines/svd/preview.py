"""A look at a clip while it is sampled, at the price of one small matrix product."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from diffusers import EulerDiscreteScheduler

from pipelines.contract import RGB

LATENT_TO_RGB = (
    (0.298, 0.207, 0.208),
    (0.187, 0.286, 0.173),
    (-0.158, 0.189, 0.264),
    (-0.184, -0.271, -0.473),
)
"""Red, green and blue, from -1 to 1, per latent channel: a linear fit of the Stable Diffusion VAE, which SVD shares.

Source: "Decoding latents to RGB without upscaling", discuss.huggingface.co/t/23204, post 7.
"""


class WatchedEuler(EulerDiscreteScheduler):
    """`EulerDiscreteScheduler` that keeps what the model saw last: `seen`, `[B, F, C, h, w]` float32, or None.

    The pipeline hands out the noisy latents only, and those are noise to the eye until the last few steps.
    """

    seen: torch.Tensor | None = None

    def set_timesteps(self, *args: Any, **kwargs: Any) -> None:
        """Those of the base class, without the warning about torch tensors that numpy 2 gives inside of it."""
        self.seen = None
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
            super().set_timesteps(*args, **kwargs)

    def step(self, *args: Any, **kwargs: Any) -> Any:
        """One Euler step, exactly that of the base class."""
        output = super().step(*args, **kwargs)
        self.seen = output.pred_original_sample
        return output


def preview(latents: torch.Tensor) -> RGB | None:
    """Scaled latents `[1, F, 4, h, w]` as a small moving picture, uint8 `[F, h, w, 3]`; None for other channels."""
    if latents.shape[2] != len(LATENT_TO_RGB):
        return None
    to_rgb = torch.tensor(LATENT_TO_RGB, device=latents.device)
    picture = torch.einsum("fchw,cr->fhwr", latents[0].float(), to_rgb)
    # 0.5 rounds to the nearest of the 256 values, as the finished frames are.
    shown = ((picture / 2 + 0.5).nan_to_num().clamp(0, 1) * 255 + 0.5).byte()
    frames: RGB = shown.cpu().numpy()
    return frames
