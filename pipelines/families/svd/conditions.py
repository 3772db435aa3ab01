"""What the model is told of the still: a CLIP vector, a latent, and three numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from pipelines.contract import RGB
from pipelines.families.svd.denoiser import Conditions
from pipelines.families.svd.network.unet import Unet
from pipelines.families.svd.networks import Networks
from pipelines.request import MotionRequest


@dataclass(frozen=True)
class Seen:
    """The still as CLIP and the VAE see it: `clip` `[1, 1, D]` and the unscaled `latent` `[1, 1, 4, h, w]`."""

    clip: torch.Tensor
    latent: torch.Tensor

    def into(self, unet: Unet, request: MotionRequest) -> Conditions:
        """The conditions that the UNet works with, for the branches without and with the still."""
        told = [request.fps - 1, request.motion_bucket_id, request.noise_aug_strength]
        both = torch.cat([torch.zeros_like(self.clip), self.clip])
        controls = torch.tensor([told, told], dtype=torch.float32, device=both.device)
        return Conditions(unet.context(both, controls, request.num_frames), self.latent)


def encode(networks: Networks, still: RGB, request: MotionRequest, generator: torch.Generator) -> Seen:
    """Looks at the still; draws the noise on it, `[1, 3, H, W]`, from `generator`.

    CLIP sees the clean still, the VAE the noisy one, as in training.
    """
    pipeline, device = networks.pipeline, networks.device
    picture = pipeline.video_processor.numpy_to_pil(still[None] / 255.0)[0]
    clip = pipeline._encode_image(picture, device, 1, False)
    pixels = pipeline.video_processor.preprocess(picture, height=request.height, width=request.width)
    noisy = pixels + request.noise_aug_strength * torch.randn(pixels.shape, generator=generator)
    latent = _latent(pipeline.vae, noisy.to(device)).to(clip.dtype)
    return Seen(clip, latent[:, None])


def _latent(vae: Any, pixels: torch.Tensor) -> torch.Tensor:
    """The unscaled latent `[1, 4, h, w]` of pixels from -1 to 1, float32."""
    with wide_enough(vae) as dtype:
        return vae.encode(pixels.to(dtype)).latent_dist.mode()


@contextmanager
def wide_enough(vae: Any) -> Iterator[torch.dtype]:
    """The encoder in the format that it needs: it overflows in fp16."""
    before = vae.encoder.conv_in.weight.dtype
    needed = torch.float32 if before == torch.float16 and vae.config.force_upcast else before
    parts = [vae.encoder, *filter(None, [vae.quant_conv])]
    for part in parts:
        part.to(needed)
    try:
        yield needed
    finally:
        for part in parts:
            part.to(before)
