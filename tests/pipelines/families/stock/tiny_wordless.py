"""Tiny random pipelines whose text encoders are never asked: language models with prompts of a shape of their own.

What they would have made of a prompt is given ready made (`WORDS`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from diffusers import (
    AutoencoderKLHunyuanVideo15,
    AutoencoderKLLTX2Audio,
    AutoencoderKLLTX2Video,
    ClassifierFreeGuidance,
    FlowMatchEulerDiscreteScheduler,
    HeliosPipeline,
    HeliosScheduler,
    HeliosTransformer3DModel,
    HunyuanSkyreelsImageToVideoPipeline,
    HunyuanVideo15ImageToVideoPipeline,
    HunyuanVideo15Transformer3DModel,
    HunyuanVideoImageToVideoPipeline,
    HunyuanVideoTransformer3DModel,
    Kandinsky5T2VPipeline,
    Kandinsky5Transformer3DModel,
    LTX2Pipeline,
    LTX2VideoTransformer3DModel,
    SanaImageToVideoPipeline,
    SanaVideoTransformer3DModel,
    SkyReelsV2ImageToVideoPipeline,
    SkyReelsV2Transformer3DModel,
)
from diffusers.pipelines.ltx2 import LTX2TextConnectors, LTX2Vocoder
from transformers import CLIPImageProcessor, SiglipImageProcessor, SiglipVisionConfig, SiglipVisionModel

from tests.pipelines.families.stock.tiny import clip_vision, hunyuan_vae, seeded, t5, tokenizer, unipc, wan_vae


def unread(count: int = 1) -> dict[str, Any]:
    """Text encoders that only stand there."""
    names = ("", "_2")[:count]
    return {f"text_encoder{end}": t5() for end in names} | {f"tokenizer{end}": tokenizer() for end in names}


def hunyuan(image_condition_type: str) -> Any:
    joined = image_condition_type == "latent_concat"
    transformer = seeded(
        HunyuanVideoTransformer3DModel,
        in_channels=9 if joined else 4, out_channels=4, num_attention_heads=2, attention_head_dim=10, num_layers=1,
        num_single_layers=1, num_refiner_layers=1, patch_size=1, patch_size_t=1, guidance_embeds=not joined,
        text_embed_dim=16, pooled_projection_dim=8, rope_axes_dim=(2, 4, 4), image_condition_type=image_condition_type,
    )  # fmt: skip
    return HunyuanVideoImageToVideoPipeline(
        **unread(2), image_processor=CLIPImageProcessor(), transformer=transformer, vae=hunyuan_vae(),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=7.0),
    )  # fmt: skip


def skyreels_v1() -> Any:
    transformer = seeded(
        HunyuanVideoTransformer3DModel,
        in_channels=8, out_channels=4, num_attention_heads=2, attention_head_dim=10, num_layers=1,
        num_single_layers=1, num_refiner_layers=1, patch_size=1, patch_size_t=1, guidance_embeds=False,
        text_embed_dim=16, pooled_projection_dim=8, rope_axes_dim=(2, 4, 4),
    )  # fmt: skip
    return HunyuanSkyreelsImageToVideoPipeline(
        **unread(2), transformer=transformer, vae=hunyuan_vae(),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=7.0),
    )  # fmt: skip


def hunyuan15() -> Any:
    transformer = seeded(
        HunyuanVideo15Transformer3DModel,
        in_channels=9, out_channels=4, num_attention_heads=2, attention_head_dim=8, num_layers=2,
        num_refiner_layers=1, mlp_ratio=2.0, patch_size=1, patch_size_t=1, text_embed_dim=16, text_embed_2_dim=32,
        image_embed_dim=12, rope_axes_dim=(2, 2, 4), target_size=64, task_type="i2v",
    )  # fmt: skip
    vae = seeded(
        AutoencoderKLHunyuanVideo15,
        latent_channels=4, block_out_channels=(16, 16, 16, 16, 16), layers_per_block=1, scaling_factor=1.03682,
        spatial_compression_ratio=16, temporal_compression_ratio=4,
    )  # fmt: skip
    siglip = SiglipVisionConfig(
        hidden_size=12, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=32, patch_size=8
    )
    return HunyuanVideo15ImageToVideoPipeline(
        **unread(2), transformer=transformer, vae=vae,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=7.0), guider=ClassifierFreeGuidance(guidance_scale=4.0),
        image_encoder=seeded(SiglipVisionModel, siglip),
        feature_extractor=SiglipImageProcessor(size={"height": 32, "width": 32}),
    )  # fmt: skip


def kandinsky() -> Any:
    transformer = seeded(
        Kandinsky5Transformer3DModel,
        in_visual_dim=4, out_visual_dim=4, in_text_dim=16, in_text_dim2=8, time_dim=16, model_dim=32, ff_dim=32,
        num_text_blocks=1, num_visual_blocks=2, axes_dims=(4, 6, 6), visual_cond=True, patch_size=(1, 2, 2),
    )  # fmt: skip
    return Kandinsky5T2VPipeline(
        transformer=transformer, vae=hunyuan_vae(), **unread(2), scheduler=FlowMatchEulerDiscreteScheduler(shift=7.0),
    )  # fmt: skip


def sana() -> Any:
    transformer = seeded(
        SanaVideoTransformer3DModel,
        in_channels=16, out_channels=16, num_attention_heads=2, attention_head_dim=12, num_layers=2,
        num_cross_attention_heads=2, cross_attention_head_dim=12, cross_attention_dim=24, caption_channels=16,
        sample_size=30, patch_size=(1, 2, 2), qk_norm="rms_norm_across_heads", rope_max_seq_len=32,
    )  # fmt: skip
    return SanaImageToVideoPipeline(
        **unread(), vae=wan_vae(), transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(),
    )  # fmt: skip


def helios() -> Any:
    transformer = seeded(
        HeliosTransformer3DModel,
        patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=12, in_channels=16, out_channels=16,
        text_dim=32, freq_dim=256, ffn_dim=32, num_layers=2, rope_dim=(4, 4, 4), has_multi_term_memory_patch=True,
        guidance_cross_attn=True, zero_history_timestep=True,
    )  # fmt: skip
    return HeliosPipeline(**unread(), vae=wan_vae(), scheduler=HeliosScheduler(stages=1), transformer=transformer)


def skyreels_i2v() -> Any:
    transformer = seeded(
        SkyReelsV2Transformer3DModel,
        patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=12, in_channels=36, out_channels=16,
        text_dim=32, freq_dim=256, ffn_dim=32, num_layers=2, cross_attn_norm=True, qk_norm="rms_norm_across_heads",
        rope_max_seq_len=32, image_dim=4, inject_sample_info=False,
    )  # fmt: skip
    return SkyReelsV2ImageToVideoPipeline(
        **unread(), vae=wan_vae(), scheduler=unipc(), transformer=transformer,
        image_encoder=clip_vision(), image_processor=CLIPImageProcessor(crop_size=32, size=32),
    )  # fmt: skip


def ltx2() -> Any:
    transformer = seeded(
        LTX2VideoTransformer3DModel,
        in_channels=4, out_channels=4, num_attention_heads=2, attention_head_dim=8, cross_attention_dim=16,
        audio_in_channels=4, audio_out_channels=4, audio_num_attention_heads=2, audio_attention_head_dim=4,
        audio_cross_attention_dim=8, num_layers=2, qk_norm="rms_norm_across_heads", caption_channels=32,
        rope_double_precision=False, rope_type="split",
    )  # fmt: skip
    connectors = seeded(
        LTX2TextConnectors,
        caption_channels=32, text_proj_in_factor=3, video_connector_num_attention_heads=4,
        video_connector_attention_head_dim=8, video_connector_num_layers=1,
        video_connector_num_learnable_registers=None, audio_connector_num_attention_heads=4,
        audio_connector_attention_head_dim=8, audio_connector_num_layers=1,
        audio_connector_num_learnable_registers=None, connector_rope_base_seq_len=32, rope_double_precision=False,
        rope_type="split",
    )  # fmt: skip
    vae = seeded(
        AutoencoderKLLTX2Video,
        latent_channels=4, block_out_channels=(8,), decoder_block_out_channels=(8,), layers_per_block=(1,),
        decoder_layers_per_block=(1, 1), spatio_temporal_scaling=(True,), decoder_spatio_temporal_scaling=(True,),
        down_block_types=("LTX2VideoDownBlock3D",), decoder_inject_noise=(False, False),
        downsample_type=("spatiotemporal",), upsample_residual=(False,), upsample_factor=(1,), patch_size=4,
        upsample_type=("spatiotemporal",), encoder_causal=True, decoder_causal=False,
    )  # fmt: skip
    vae.use_framewise_encoding = vae.use_framewise_decoding = False
    audio_vae = seeded(
        AutoencoderKLLTX2Audio,
        base_channels=4, ch_mult=(1,), num_res_blocks=1, resolution=32, latent_channels=2, mel_bins=8,
        mel_hop_length=160,
    )  # fmt: skip
    vocoder = seeded(
        LTX2Vocoder,
        in_channels=16, hidden_channels=32, upsample_kernel_sizes=[4, 4], upsample_factors=[2, 2],
        resnet_kernel_sizes=[3], resnet_dilations=[[1, 3, 5]],
    )  # fmt: skip
    return LTX2Pipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(), vae=vae, audio_vae=audio_vae, **unread(),
        connectors=connectors, transformer=transformer, vocoder=vocoder,
    )  # fmt: skip


WORDLESS: dict[str, Callable[[], Any]] = {
    "hunyuan": lambda: hunyuan("latent_concat"),
    "hunyuan-replace": lambda: hunyuan("token_replace"),
    "hunyuan15": hunyuan15,
    "skyreels-v1": skyreels_v1,
    "kandinsky5": kandinsky,
    "sana": sana,
    "helios": helios,
    "skyreels-i2v": skyreels_i2v,
    "ltx2": ltx2,
}
"""How each is made, by a short name."""


def _some(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def _both(**embeds: torch.Tensor) -> dict[str, Any]:
    """The same for the negative prompt, of other numbers."""
    return embeds | {f"negative_{name}": value.flip(-2) for name, value in embeds.items()}


def _ones(length: int, kind: torch.dtype = torch.long) -> torch.Tensor:
    return torch.ones(1, length, dtype=kind)


HUNYUAN_WORDS = {
    "prompt_embeds": _some(1, 9, 16),
    "pooled_prompt_embeds": _some(1, 8),
    "prompt_attention_mask": _ones(9),
}

WORDS: dict[str, dict[str, Any]] = {
    "hunyuan": HUNYUAN_WORDS,
    "hunyuan-replace": HUNYUAN_WORDS,
    "skyreels-v1": {
        **HUNYUAN_WORDS,
        "negative_prompt_embeds": _some(1, 9, 16, seed=1), "negative_pooled_prompt_embeds": _some(1, 8, seed=1),
        "negative_prompt_attention_mask": _ones(9),
    },
    "hunyuan15": {
        **_both(prompt_embeds=_some(1, 9, 16), prompt_embeds_2=_some(1, 5, 32)),
        **{f"{sign}prompt_embeds_mask{n}": _ones(k) for sign in ("", "negative_") for n, k in (("", 9), ("_2", 5))},
    },
    "kandinsky5": {
        **_both(prompt_embeds_qwen=_some(1, 9, 16)),
        "prompt_embeds_clip": _some(1, 8), "negative_prompt_embeds_clip": _some(1, 8, seed=1),
        "prompt_cu_seqlens": torch.tensor([0, 9]), "negative_prompt_cu_seqlens": torch.tensor([0, 9]),
    },
    "sana": {
        **_both(prompt_embeds=_some(1, 9, 16)), "negative_prompt": None,
        "prompt_attention_mask": _ones(9), "negative_prompt_attention_mask": _ones(9),
    },
    "helios": _both(prompt_embeds=_some(1, 9, 32)),
    "skyreels-i2v": _both(prompt_embeds=_some(1, 9, 32)),
    "ltx2": {
        **_both(prompt_embeds=_some(1, 8, 96)),
        "prompt_attention_mask": _ones(8), "negative_prompt_attention_mask": _ones(8),
    },
}  # fmt: skip
"""What a call is given in place of a prompt."""
