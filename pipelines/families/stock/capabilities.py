"""What a pipeline can do, read off its call and its settings. Knows no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import lcm
from typing import Any

from pipelines.families.stock.folder import StockFolder
from pipelines.families.stock.frames import FrameRule
from pipelines.families.stock.siblings import LENGTHS, fitting_pipeline
from pipelines.families.stock.signature import REQUIRED, Signature
from pipelines.families.stock.traps import TRAPS, Trap

RATES = ("frame_rate", "fps", "target_fps")
"""What pipelines call the frames a second, where they are told them."""

GUIDANCE_DEFAULT = 6.0
"""Strength of a guider that says none: that of HunyuanVideo 1.5, which brought them."""

NABLA_STEP = 128
"""Pixels: attention in blocks (Kandinsky's "nabla") divides a latent of sixteenths into eight by eight."""


@dataclass(frozen=True)
class Capabilities:
    """A pipeline as a person and the adapter see it.

    `pipeline` is the class to open; `length`, `rate` and `guidance` are the names of its arguments, or None, and
    `guidance` is "guider" where the strength sits in a part of its own. `size` is the only one, width x height, that
    it makes; with `takes_size` False it chooses one by the shape of the still. `tells_steps`: it calls back after each
    step, and `tells_latents`: with the latents; `hands_over`: its decoding can be taken over. The latent has so many
    `channels`, and a cell for each `cell` x `cell` pixels. `arguments` are given in each call.
    """

    pipeline: str
    length: str
    frames: FrameRule
    usual_frames: int
    longest: int
    steps: int
    size_step: int
    usual_size: tuple[int, int]
    size: tuple[int, int] | None
    takes_size: bool
    takes_prompt: bool
    takes_negative_prompt: bool
    takes_last_still: bool
    rate: str | None
    fps: int
    guidance: str | None
    guidance_scale: float
    has_sound: bool
    tells_steps: bool
    tells_latents: bool
    hands_over: bool
    channels: int
    cell: int
    arguments: Mapping[str, Any]

    def cells(self, width: int, height: int) -> tuple[int, int]:
        """Rows and columns of the latent of a picture."""
        width, height = self.size or (width, height)
        return height // self.cell, width // self.cell


def capabilities_of(folder: StockFolder) -> Capabilities:
    """What the pipeline in a folder can do. Raises `ModelError` where it takes no still, or is not for this family."""
    signature = fitting_pipeline(folder)
    call, trap = signature.call, TRAPS.get(signature.name, Trap())
    length = next(name for name in LENGTHS if name in call)
    usual = _number(call[length], 121)
    guidance, scale = _guidance(folder, signature)
    size = _only_size(folder)
    return Capabilities(
        pipeline=signature.name,
        length=length,
        frames=_frame_rule(folder, signature.name, trap),
        usual_frames=usual,
        longest=trap.longest or usual,
        steps=_number(call.get("num_inference_steps"), 50),
        size_step=size_step(folder),
        usual_size=size or (_number(call.get("width"), 832), _number(call.get("height"), 480)),
        size=size,
        takes_size="height" in call and "width" in call,
        takes_prompt="prompt" in call,
        takes_negative_prompt="negative_prompt" in call and not _is_distilled(folder, call),
        # of sections more frames come than were asked for, and the last still would be cut off
        takes_last_still=_takes_last_still(folder, call) and not trap.section,
        rate=next((name for name in RATES if name in call), None),
        fps=_fps(folder, trap),
        guidance=guidance,
        guidance_scale=scale,
        has_sound=bool({"audio_vae", "vocoder", "sound_tokenizer"} & set(folder.parts)),
        tells_steps="callback_on_step_end" in call,
        tells_latents="latents" in (call.get("callback_on_step_end_tensor_inputs") or ()),
        hands_over=signature.hands_over,
        channels=int(folder.setting("vae", "latent_channels") or folder.setting("vae", "z_dim", 0)),
        cell=compression(folder)[1],
        arguments=trap.arguments,
    )


def compression(folder: StockFolder) -> tuple[int, int]:
    """How many frames, and how many pixels a side, one cell of the latent stands for."""
    vae = folder.settings.get("vae", {})
    if vae.get("spatio_temporal_scaling") is not None:  # LTX
        halvings = 2 ** sum(vae["spatio_temporal_scaling"])
        temporal, spatial = halvings * vae.get("patch_size_t", 1), halvings * vae.get("patch_size", 4)
    else:
        temporal, spatial = 4, 2 ** (len(vae.get("block_out_channels") or (0, 0, 0, 0)) - 1)
    temporal = vae.get("temporal_compression_ratio") or vae.get("scale_factor_temporal") or temporal
    return int(temporal), int(vae.get("spatial_compression_ratio") or vae.get("scale_factor_spatial") or spatial)


def size_step(folder: StockFolder) -> int:
    """Pixels that width and height must be multiples of."""
    patch = folder.setting("transformer", "patch_size", 1)
    cell = compression(folder)[1] * (max(patch[1:]) if isinstance(patch, list | tuple) else int(patch))
    if folder.setting("transformer", "attention_type") == "nabla":
        return lcm(cell, NABLA_STEP)
    return lcm(cell, 16)


def _frame_rule(folder: StockFolder, pipeline: str, trap: Trap) -> FrameRule:
    step = compression(folder)[0]
    if pipeline.startswith("CogVideoX"):
        # an even number of latent frames makes a frame less than it should; 1.5 takes them in pairs
        step *= 2 * int(folder.setting("transformer", "patch_size_t", 1))
    lost = step if folder.setting("transformer", "image_condition_type") == "latent_concat" else 0
    return FrameRule(step, lost, trap.section)


def _only_size(folder: StockFolder) -> tuple[int, int] | None:
    """Width and height of weights with a learned table of places, which know no others."""
    if not folder.setting("transformer", "use_learned_positional_embeddings", False):
        return None
    cell, about = compression(folder)[1], folder.settings["transformer"]
    return int(about["sample_width"]) * cell, int(about["sample_height"]) * cell


def _guidance(folder: StockFolder, signature: Signature) -> tuple[str | None, float]:
    """The argument that tells how strictly the words are followed, and its usual value."""
    call = signature.call
    if "guider" in folder.parts:
        return "guider", float(folder.setting("guider", "guidance_scale", GUIDANCE_DEFAULT))
    is_true = "true_cfg_scale" in call and not _is_distilled(folder, call)
    name = "true_cfg_scale" if is_true else "guidance_scale"
    if name not in call or call[name] is REQUIRED:
        return None, 1.0
    return name, float(call[name])


def _is_distilled(folder: StockFolder, call: Mapping[str, Any]) -> bool:
    """Whether guidance is told to the network as a number: the other branch, with the negative prompt, is never run."""
    return "true_cfg_scale" in call and bool(folder.setting("transformer", "guidance_embeds", False))


def _takes_last_still(folder: StockFolder, call: Mapping[str, Any]) -> bool:
    if "last_image" not in call or folder.setting("", "expand_timesteps", False):
        return False
    about = folder.settings.get("transformer", {})
    return about.get("image_dim") is None or about.get("pos_embed_seq_len") is not None


def _fps(folder: StockFolder, trap: Trap) -> int:
    # Wan's small model is the one of its family that was trained on 24
    return 24 if folder.setting("", "expand_timesteps", False) else trap.fps


def _number(default: Any, otherwise: int) -> int:
    """A number among the defaults of a call; `otherwise` where it has none or leaves it to its settings."""
    return default if isinstance(default, int) and default > 0 else otherwise
