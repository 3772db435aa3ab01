"""A Stable Video Diffusion checkpoint of 5 MB, in the format and with the scheduler of the real ones."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import (
    AutoencoderKLTemporalDecoder,
    EulerDiscreteScheduler,
    StableVideoDiffusionPipeline,
    UNetSpatioTemporalConditionModel,
)
from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

TOKEN_WIDTH = 32


def make_tiny_svd(folder: Path, num_frames: int = 4, variant: str | None = "fp16", seed: int = 0) -> Path:
    """Writes a random checkpoint into `folder` and returns it. The same seed writes the same weights.

    `variant="fp16"` names the files as the hub does (`*.fp16.safetensors`); the numbers in them are float32 all the
    same, so that comparisons are exact. It runs at sizes that are multiples of 64, 64x64 in well under a second.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        pipeline = StableVideoDiffusionPipeline(
            vae=_vae(),
            image_encoder=_image_encoder(),
            unet=_unet(num_frames),
            scheduler=_scheduler(),
            feature_extractor=CLIPImageProcessor(),
        )
    pipeline.save_pretrained(folder, safe_serialization=True, variant=variant)
    return folder


def _unet(num_frames: int) -> UNetSpatioTemporalConditionModel:
    return UNetSpatioTemporalConditionModel(
        sample_size=8,
        in_channels=8,
        out_channels=4,
        block_out_channels=(32, 32),
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlockSpatioTemporal", "DownBlockSpatioTemporal"),
        up_block_types=("UpBlockSpatioTemporal", "CrossAttnUpBlockSpatioTemporal"),
        cross_attention_dim=TOKEN_WIDTH,
        num_attention_heads=2,
        addition_time_embed_dim=32,
        projection_class_embeddings_input_dim=96,
        num_frames=num_frames,
    )


def _vae() -> AutoencoderKLTemporalDecoder:
    """Four levels, as the real one, so that a latent is an eighth of the picture."""
    return AutoencoderKLTemporalDecoder(
        block_out_channels=(32, 32, 32, 32),
        down_block_types=("DownEncoderBlock2D",) * 4,
        layers_per_block=1,
        latent_channels=4,
        sample_size=64,
    )


def _image_encoder() -> CLIPVisionModelWithProjection:
    config = CLIPVisionConfig(
        hidden_size=32,
        intermediate_size=37,
        projection_dim=TOKEN_WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=224,
        patch_size=56,
    )
    return CLIPVisionModelWithProjection(config)


def _scheduler() -> EulerDiscreteScheduler:
    """`scheduler/scheduler_config.json` of the released models."""
    return EulerDiscreteScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        num_train_timesteps=1000,
        prediction_type="v_prediction",
        interpolation_type="linear",
        use_karras_sigmas=True,
        sigma_min=0.002,
        sigma_max=700.0,
        timestep_spacing="leading",
        timestep_type="continuous",
        steps_offset=1,
    )
