"""The networks of Stable Video Diffusion without weights: as released, or narrower with all of their blocks."""

from __future__ import annotations

from typing import Any

from diffusers import AutoencoderKLTemporalDecoder, EulerDiscreteScheduler, UNetSpatioTemporalConditionModel
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

UNET_WIDTH, VAE_WIDTH, CLIP_WIDTH, CLIP_LAYERS = 320, 128, 1280, 32
"""Channels of the first levels, and the depth of the image encoder (OpenCLIP ViT-H/14), as released."""

HEAD_WIDTH, CLIP_HEAD_WIDTH = 64, 80
"""Channels of an attention head of the UNet and of the image encoder."""

VECTOR = 1024
"""Numbers of the CLIP vector."""


def unet(width: int = UNET_WIDTH, frames: int = 25) -> Any:
    """The denoiser: four levels, 64 attention layers; `width` channels at the first level."""
    channels = (width, 2 * width, 4 * width, 4 * width)
    return UNetSpatioTemporalConditionModel(
        sample_size=96,
        block_out_channels=channels,
        num_attention_heads=tuple(max(1, count // HEAD_WIDTH) for count in channels),
        cross_attention_dim=VECTOR,
        num_frames=frames,
    ).requires_grad_(False)


def vae(width: int = VAE_WIDTH) -> Any:
    """The VAE: four levels, the first with `width` channels."""
    return AutoencoderKLTemporalDecoder(
        block_out_channels=(width, 2 * width, 4 * width, 4 * width),
        down_block_types=("DownEncoderBlock2D",) * 4,
        layers_per_block=2,
        sample_size=768,
    ).requires_grad_(False)


def image_encoder(width: int = CLIP_WIDTH, layers: int = CLIP_LAYERS) -> Any:
    """The CLIP that looks at the still."""
    config = CLIPVisionConfig(
        hidden_act="gelu",
        hidden_size=width,
        intermediate_size=4 * width,
        projection_dim=VECTOR,
        num_hidden_layers=layers,
        num_attention_heads=max(1, width // CLIP_HEAD_WIDTH),
        patch_size=14,
    )
    return CLIPVisionModelWithProjection(config).requires_grad_(False)


def scheduler() -> Any:
    """`scheduler/scheduler_config.json` of the releases."""
    return EulerDiscreteScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        use_karras_sigmas=True,
        sigma_min=0.002,
        sigma_max=700.0,
        timestep_spacing="leading",
        timestep_type="continuous",
        steps_offset=1,
    )
