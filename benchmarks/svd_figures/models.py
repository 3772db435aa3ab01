"""The networks of Stable Video Diffusion with random weights: at full size, and narrow with all of their blocks."""

from __future__ import annotations

from typing import Any

import torch
from diffusers import AutoencoderKLTemporalDecoder, EulerDiscreteScheduler, UNetSpatioTemporalConditionModel
from torch import nn
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

FULL_WIDTH = 320
"""Channels of the UNet's first level in the releases."""

HEAD_WIDTH = 64
"""Channels of an attention head in the releases."""

DECODER_BLOCKS = ("DownEncoderBlock2D",) * 4

CLIP_WIDTH = 1024
"""Numbers of the CLIP vector in the releases."""


def unet(width: int = FULL_WIDTH, frames: int = 25) -> Any:
    """The denoiser: four levels, 64 attention layers; `width` channels at the first level."""
    channels = (width, 2 * width, 4 * width, 4 * width)
    return UNetSpatioTemporalConditionModel(
        sample_size=96,
        block_out_channels=channels,
        num_attention_heads=tuple(max(1, count // HEAD_WIDTH) for count in channels),
        cross_attention_dim=CLIP_WIDTH,
        num_frames=frames,
    ).requires_grad_(False)


def vae(width: int = 128) -> Any:
    """The VAE: four levels, the first with `width` channels, which the releases have 128 of."""
    return AutoencoderKLTemporalDecoder(
        block_out_channels=(width, 2 * width, 4 * width, 4 * width),
        down_block_types=DECODER_BLOCKS,
        layers_per_block=2,
        sample_size=768,
    ).requires_grad_(False)


def image_encoder(width: int, layers: int) -> Any:
    """A CLIP of the releases' kind, narrow: it is next to nothing of a run."""
    config = CLIPVisionConfig(
        hidden_size=width,
        intermediate_size=4 * width,
        projection_dim=CLIP_WIDTH,
        num_hidden_layers=layers,
        num_attention_heads=max(1, width // HEAD_WIDTH),
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


def enliven(network: Any, seed: int = 0) -> Any:
    """Random biases, norms and mixing: fresh networks have zeros, ones and halves there, which hide mistakes."""
    generator = torch.Generator().manual_seed(seed)
    for name, weight in network.named_parameters():
        if "mix_factor" in name:
            nn.init.normal_(weight, std=1.0, generator=generator)
        elif weight.ndim == 1:
            centre = 1.0 if "norm" in name and name.endswith("weight") else 0.0
            nn.init.normal_(weight, mean=centre, std=0.1, generator=generator)
    return network
