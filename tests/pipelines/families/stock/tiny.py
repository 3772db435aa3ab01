"""Tiny random pipelines, each saved as a folder like a release: two layers of a few channels, our own tokenizer.

Configurations follow the tests of diffusers (tests/pipelines/ltx, wan, hunyuan_video, cogvideo); those fetch tokenizers
from the hub, these need no network.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKLCogVideoX,
    AutoencoderKLHunyuanVideo,
    AutoencoderKLLTXVideo,
    AutoencoderKLWan,
    CogVideoXDDIMScheduler,
    CogVideoXDPMScheduler,
    CogVideoXImageToVideoPipeline,
    CogVideoXTransformer3DModel,
    FlowMatchEulerDiscreteScheduler,
    HunyuanVideoFramepackPipeline,
    HunyuanVideoFramepackTransformer3DModel,
    LTXConditionPipeline,
    LTXPipeline,
    LTXVideoTransformer3DModel,
    SkyReelsV2DiffusionForcingImageToVideoPipeline,
    SkyReelsV2Transformer3DModel,
    UniPCMultistepScheduler,
    WanImageToVideoPipeline,
    WanPipeline,
    WanTransformer3DModel,
)
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers, processors
from transformers import (
    CLIPImageProcessor,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    LlamaConfig,
    LlamaModel,
    PreTrainedTokenizerFast,
    SiglipImageProcessor,
    SiglipVisionConfig,
    SiglipVisionModel,
    T5Config,
    T5EncoderModel,
)

SPECIALS = ("<pad>", "</s>", "<unk>", "<s>")


def tokenizer() -> PreTrainedTokenizerFast:
    """One token a byte."""
    words = [*SPECIALS, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    bytes_alone = Tokenizer(models.BPE(vocab={word: i for i, word in enumerate(words)}, merges=[], unk_token="<unk>"))
    bytes_alone.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytes_alone.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    bytes_alone.add_special_tokens([AddedToken(word) for word in SPECIALS])
    pad, eos, unk, bos = SPECIALS
    return PreTrainedTokenizerFast(
        tokenizer_object=bytes_alone, pad_token=pad, eos_token=eos, unk_token=unk, bos_token=bos, model_max_length=512
    )


def seeded(make: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """A network with the same random weights in every run, and without dropout."""
    torch.manual_seed(0)
    return make(*args, **kwargs).eval()


def t5() -> Any:
    return seeded(T5EncoderModel, T5Config(vocab_size=1103, d_model=32, d_kv=8, d_ff=37, num_layers=2, num_heads=4))


def ltx(kind: Any = LTXPipeline) -> Any:
    transformer = seeded(
        LTXVideoTransformer3DModel,
        in_channels=8, out_channels=8, patch_size=1, patch_size_t=1, num_attention_heads=4, attention_head_dim=8,
        cross_attention_dim=32, num_layers=1, caption_channels=32,
    )  # fmt: skip
    vae = seeded(
        AutoencoderKLLTXVideo,
        latent_channels=8, block_out_channels=(8, 8, 8, 8), decoder_block_out_channels=(8, 8, 8, 8),
        layers_per_block=(1, 1, 1, 1, 1), decoder_layers_per_block=(1, 1, 1, 1, 1),
        spatio_temporal_scaling=(True, True, False, False), decoder_spatio_temporal_scaling=(True, True, False, False),
        decoder_inject_noise=(False,) * 5, upsample_residual=(False,) * 4, upsample_factor=(1,) * 4,
        timestep_conditioning=False, patch_size=1, patch_size_t=1, encoder_causal=True, decoder_causal=False,
    )  # fmt: skip
    scheduler = FlowMatchEulerDiscreteScheduler()
    return kind(scheduler=scheduler, vae=vae, text_encoder=t5(), tokenizer=tokenizer(), transformer=transformer)


def wan_vae(**more: Any) -> Any:
    about = {"base_dim": 3, "z_dim": 16, "dim_mult": [1, 1, 1, 1], "num_res_blocks": 1}
    return seeded(AutoencoderKLWan, **{**about, "temperal_downsample": [False, True, True], **more})


def wan_transformer(**more: Any) -> Any:
    about: dict[str, Any] = {
        "patch_size": (1, 2, 2), "num_attention_heads": 2, "attention_head_dim": 12, "in_channels": 36,
        "out_channels": 16, "text_dim": 32, "freq_dim": 256, "ffn_dim": 32, "num_layers": 2, "cross_attn_norm": True,
        "qk_norm": "rms_norm_across_heads", "rope_max_seq_len": 32,
    }  # fmt: skip
    return seeded(WanTransformer3DModel, **{**about, **more})


def unipc() -> Any:
    return UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0)


def clip_vision() -> Any:
    config = CLIPVisionConfig(
        hidden_size=4, projection_dim=4, num_hidden_layers=2, num_attention_heads=2, image_size=32,
        intermediate_size=16, patch_size=1,
    )  # fmt: skip
    return seeded(CLIPVisionModelWithProjection, config)


def wan21() -> Any:
    return WanImageToVideoPipeline(
        tokenizer=tokenizer(), text_encoder=t5(), vae=wan_vae(), scheduler=unipc(),
        transformer=wan_transformer(image_dim=4), image_encoder=clip_vision(),
        image_processor=CLIPImageProcessor(crop_size=32, size=32),
    )  # fmt: skip


def wan22() -> Any:
    return WanImageToVideoPipeline(
        tokenizer=tokenizer(), text_encoder=t5(), vae=wan_vae(), scheduler=unipc(), boundary_ratio=0.875,
        transformer=wan_transformer(), transformer_2=wan_transformer(),
    )  # fmt: skip


def wan_5b() -> Any:
    vae = wan_vae(
        z_dim=48, in_channels=12, out_channels=12, is_residual=True, patch_size=2, latents_mean=[0.0] * 48,
        latents_std=[1.0] * 48, scale_factor_spatial=16, scale_factor_temporal=4, decoder_base_dim=3,
    )  # fmt: skip
    # as it was released: under the name of the pipeline for words alone
    return WanPipeline(
        tokenizer=tokenizer(), text_encoder=t5(), vae=vae, scheduler=unipc(), expand_timesteps=True,
        transformer=wan_transformer(in_channels=48, out_channels=48),
    )  # fmt: skip


def skyreels() -> Any:
    transformer = seeded(
        SkyReelsV2Transformer3DModel,
        patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=12, in_channels=16, out_channels=16,
        text_dim=32, freq_dim=256, ffn_dim=32, num_layers=2, cross_attn_norm=True, qk_norm="rms_norm_across_heads",
        rope_max_seq_len=32, inject_sample_info=False,
    )  # fmt: skip
    return SkyReelsV2DiffusionForcingImageToVideoPipeline(
        tokenizer=tokenizer(), text_encoder=t5(), vae=wan_vae(), scheduler=unipc(), transformer=transformer
    )


def hunyuan_vae() -> Any:
    return seeded(
        AutoencoderKLHunyuanVideo,
        latent_channels=4, block_out_channels=(8, 8, 8, 8), layers_per_block=1, norm_num_groups=4,
        scaling_factor=0.476986, spatial_compression_ratio=8, temporal_compression_ratio=4,
        mid_block_add_attention=True, down_block_types=("HunyuanVideoDownBlock3D",) * 4,
        up_block_types=("HunyuanVideoUpBlock3D",) * 4,
    )  # fmt: skip


def hunyuan_texts() -> dict[str, Any]:
    llama = LlamaConfig(
        hidden_size=16, intermediate_size=37, num_attention_heads=4, num_hidden_layers=2, vocab_size=1000,
        bos_token_id=0, pad_token_id=0, max_position_embeddings=512,
    )  # fmt: skip
    clip = CLIPTextConfig(
        hidden_size=8, intermediate_size=37, num_attention_heads=4, num_hidden_layers=2, vocab_size=1000,
        projection_dim=32, bos_token_id=0, eos_token_id=2, max_position_embeddings=77,
    )  # fmt: skip
    return {
        "text_encoder": seeded(LlamaModel, llama),
        "tokenizer": tokenizer(),
        "text_encoder_2": seeded(CLIPTextModel, clip),
        "tokenizer_2": tokenizer(),
    }


def framepack() -> Any:
    transformer = seeded(
        HunyuanVideoFramepackTransformer3DModel,
        in_channels=4, out_channels=4, num_attention_heads=2, attention_head_dim=10, num_layers=1,
        num_single_layers=1, num_refiner_layers=1, patch_size=2, patch_size_t=1, guidance_embeds=True,
        text_embed_dim=16, pooled_projection_dim=8, rope_axes_dim=(2, 4, 4), image_condition_type=None,
        has_image_proj=True, image_proj_dim=32, has_clean_x_embedder=True,
    )  # fmt: skip
    siglip = SiglipVisionConfig(
        hidden_size=32, intermediate_size=37, num_hidden_layers=2, num_attention_heads=4, image_size=30, patch_size=2
    )
    return HunyuanVideoFramepackPipeline(
        **hunyuan_texts(), transformer=transformer, vae=hunyuan_vae(),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=7.0), image_encoder=seeded(SiglipVisionModel, siglip),
        feature_extractor=SiglipImageProcessor(size={"height": 30, "width": 30}),
    )  # fmt: skip


def cogvideox(scheduler: Any = CogVideoXDDIMScheduler) -> Any:
    transformer = seeded(
        CogVideoXTransformer3DModel,
        num_attention_heads=2, attention_head_dim=16, in_channels=8, out_channels=4, time_embed_dim=2,
        text_embed_dim=32, num_layers=1, sample_width=8, sample_height=8, sample_frames=9, patch_size=2,
        temporal_compression_ratio=4, max_text_seq_length=226, use_rotary_positional_embeddings=True,
        use_learned_positional_embeddings=True,
    )  # fmt: skip
    vae = seeded(
        AutoencoderKLCogVideoX,
        in_channels=3, out_channels=3, block_out_channels=(8, 8, 8, 8), latent_channels=4, layers_per_block=1,
        norm_num_groups=2, temporal_compression_ratio=4, down_block_types=("CogVideoXDownBlock3D",) * 4,
        up_block_types=("CogVideoXUpBlock3D",) * 4,
    )  # fmt: skip
    return CogVideoXImageToVideoPipeline(
        tokenizer=tokenizer(), text_encoder=t5(), vae=vae, transformer=transformer, scheduler=scheduler()
    )


MAKERS: dict[str, Callable[[], Any]] = {
    "ltx": ltx,
    "ltx-condition": lambda: ltx(LTXConditionPipeline),
    "wan21": wan21,
    "wan22": wan22,
    "wan-5b": wan_5b,
    "skyreels-df": skyreels,
    "framepack": framepack,
    "cogvideox": cogvideox,
    "cogvideox-dpm": lambda: cogvideox(CogVideoXDPMScheduler),
}
"""How each is made, by a short name."""


def make_tiny(name: str, folder: Path) -> Path:
    """The folder of a tiny pipeline, in `folder`."""
    MAKERS[name]().save_pretrained(folder / name)
    return folder / name
