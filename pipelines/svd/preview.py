"""A look at a clip while it is sampled, at the price of one small matrix product."""

from __future__ import annotations

import torch

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


def preview(latents: torch.Tensor | None) -> RGB | None:
    """Scaled latents `[1, F, 4, h, w]` as a small moving picture, uint8 `[F, h, w, 3]`; None for other channels."""
    if latents is None or latents.shape[2] != len(LATENT_TO_RGB):
        return None
    to_rgb = torch.tensor(LATENT_TO_RGB, device=latents.device)
    picture = torch.einsum("fchw,cr->fhwr", latents[0].float(), to_rgb)
    # 0.5 rounds to the nearest of the 256 values, as the finished frames are.
    shown = ((picture / 2 + 0.5).nan_to_num().clamp(0, 1) * 255 + 0.5).byte()
    frames: RGB = shown.cpu().numpy()
    return frames
