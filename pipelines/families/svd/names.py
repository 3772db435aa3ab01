"""The names of the weights in Stability's single files, for those of diffusers.

The layout of `svd.safetensors` and `svd_xt.safetensors` as in Stability's generative-models (`sgm/modules/
diffusionmodules/video_model.py`, `sgm/modules/autoencoding/temporal_ae.py`) and OpenCLIP. The encoder of the VAE is the
one that the image condition is made with, which comes with a quantising convolution of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

UNET, DECODER = "model.diffusion_model.", "first_stage_model."
ENCODER, CLIP = "conditioner.embedders.3.encoder.", "conditioner.embedders.0.open_clip.model.visual."

LAYERS = 2
"""Residual blocks per level on the way down; one more on the way up."""

Part = Literal["unet", "vae", "image_encoder"]

Change = Literal["as it is", "as a matrix", "transposed", "first third", "second third", "last third"]


@dataclass(frozen=True)
class Source:
    """A weight in a single file: its name, and what has to be done to it."""

    name: str
    change: Change = "as it is"


def source_of(part: Part, name: str) -> Source:
    """Where the weight `name` of a part comes from. Raises `KeyError` for a name that the networks do not have."""
    return {"unet": _unet, "vae": _vae, "image_encoder": _clip}[part](name)


Rules = tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...]


def _input(match: re.Match[str]) -> str:
    return f"input_blocks.{1 + (LAYERS + 1) * int(match[1]) + int(match[3])}.{int(match[2] == 'attentions')}."


def _output(match: re.Match[str]) -> str:
    return f"output_blocks.{(LAYERS + 1) * int(match[1]) + int(match[3])}.{int(match[2] == 'attentions')}."


def _upsampler(match: re.Match[str]) -> str:
    """Behind the transformer of its level, where there is one: the lowest has none."""
    level = int(match[1])
    return f"output_blocks.{(LAYERS + 1) * level + LAYERS}.{1 if level == 0 else 2}.conv."


UNET_PLACES: Rules = (
    (r"^time_embedding\.linear_1\.", "time_embed.0."),
    (r"^time_embedding\.linear_2\.", "time_embed.2."),
    (r"^add_embedding\.linear_1\.", "label_emb.0.0."),
    (r"^add_embedding\.linear_2\.", "label_emb.0.2."),
    (r"^conv_in\.", "input_blocks.0.0."),
    (r"^conv_norm_out\.", "out.0."),
    (r"^conv_out\.", "out.2."),
    (r"^down_blocks\.(\d)\.(resnets|attentions)\.(\d)\.", _input),
    (r"^down_blocks\.(\d)\.downsamplers\.0\.conv\.", lambda m: f"input_blocks.{(LAYERS + 1) * (int(m[1]) + 1)}.0.op."),
    (r"^mid_block\.resnets\.(\d)\.", lambda m: f"middle_block.{2 * int(m[1])}."),
    (r"^mid_block\.attentions\.0\.", "middle_block.1."),
    (r"^up_blocks\.(\d)\.(resnets|attentions)\.(\d)\.", _output),
    (r"^up_blocks\.(\d)\.upsamplers\.0\.conv\.", _upsampler),
)

RESIDUAL: Rules = (
    (r"norm1\.(?=\w+$)", "in_layers.0."),
    (r"conv1\.", "in_layers.2."),
    (r"norm2\.(?=\w+$)", "out_layers.0."),
    (r"conv2\.", "out_layers.3."),
    (r"time_emb_proj\.", "emb_layers.1."),
    (r"conv_shortcut\.", "skip_connection."),
)

ATTENTION: Rules = (
    (r"temporal_transformer_blocks\.", "time_stack."),
    (r"time_pos_embed\.linear_1\.", "time_pos_embed.0."),
    (r"time_pos_embed\.linear_2\.", "time_pos_embed.2."),
)

TEMPORAL: Rules = ((r"^(.*)temporal_res_block\.(.*)$", lambda m: f"{m[1]}time_stack.{_renamed(m[2], RESIDUAL)}"),)

VAE_PLACES: Rules = (
    (r"mid_block\.resnets\.(\d)\.", lambda m: f"mid.block_{int(m[1]) + 1}."),
    (r"mid_block\.attentions\.0\.", "mid.attn_1."),
    (r"down_blocks\.(\d)\.resnets\.", r"down.\1.block."),
    (r"down_blocks\.(\d)\.downsamplers\.0\.", r"down.\1.downsample."),
    (r"up_blocks\.(\d)\.resnets\.", lambda m: f"up.{3 - int(m[1])}.block."),
    (r"up_blocks\.(\d)\.upsamplers\.0\.", lambda m: f"up.{3 - int(m[1])}.upsample."),
    (r"conv_norm_out\.", "norm_out."),
    (r"time_conv_out\.", "conv_out.time_mix_conv."),
    (r"time_mixer\.", ""),
    (r"spatial_res_block\.", ""),
    (r"conv_shortcut\.", "nin_shortcut."),
)

VAE_ATTENTION: Rules = (
    (r"group_norm\.", "norm."),
    (r"to_([qkv])\.", r"\1."),
    (r"to_out\.0\.", "proj_out."),
)

CLIP_PLACES: Rules = (
    (r"^vision_model\.embeddings\.class_embedding$", "class_embedding"),
    (r"^vision_model\.embeddings\.patch_embedding\.", "conv1."),
    (r"^vision_model\.embeddings\.position_embedding\.weight$", "positional_embedding"),
    (r"^vision_model\.pre_layrnorm\.", "ln_pre."),
    (r"^vision_model\.post_layernorm\.", "ln_post."),
    (r"^visual_projection\.weight$", "proj"),
    (r"^vision_model\.encoder\.layers\.", "transformer.resblocks."),
    (r"\.layer_norm(\d)\.", r".ln_\1."),
    (r"\.mlp\.fc1\.", ".mlp.c_fc."),
    (r"\.mlp\.fc2\.", ".mlp.c_proj."),
    (r"\.self_attn\.out_proj\.", ".attn.out_proj."),
    (r"\.self_attn\.[qkv]_proj\.", ".attn.in_proj_"),
)

THIRDS: dict[str, Change] = {"q": "first third", "k": "second third", "v": "last third"}


def _unet(name: str) -> Source:
    placed = _renamed(name, UNET_PLACES)
    if placed == name:
        raise KeyError(name)
    if ".attentions." in name:
        return Source(UNET + _renamed(placed, ATTENTION))
    if ".resnets." not in name:
        return Source(UNET + placed)
    inner = placed.replace("spatial_res_block.", "").replace("temporal_res_block.", "time_stack.")
    return Source(UNET + _renamed(inner, RESIDUAL))


def _vae(name: str) -> Source:
    prefix = DECODER if name.startswith("decoder.") else ENCODER
    placed = prefix + _renamed(_renamed(name, TEMPORAL), VAE_PLACES)
    if ".attentions." not in name:
        return Source(placed)
    is_matrix = name.endswith("weight") and "group_norm" not in name
    return Source(_renamed(placed, VAE_ATTENTION), "as a matrix" if is_matrix else "as it is")


def _clip(name: str) -> Source:
    placed = CLIP + _renamed(name, CLIP_PLACES)
    third = re.search(r"\.([qkv])_proj\.", name)
    if third:
        return Source(placed, THIRDS[third[1]])
    return Source(placed, "transposed" if placed.endswith(".proj") else "as it is")


def _renamed(name: str, rules: Rules) -> str:
    for pattern, replacement in rules:
        name = re.sub(pattern, replacement, name, count=1)
    return name
