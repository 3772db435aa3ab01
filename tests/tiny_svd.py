"""A Stable Video Diffusion checkpoint of 5 MB, in the format and with the scheduler of the real ones, and what people
have beside such checkpoints: single files, UNets alone, low-rank deltas."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKLTemporalDecoder,
    EulerDiscreteScheduler,
    StableVideoDiffusionPipeline,
    UNetSpatioTemporalConditionModel,
)
from safetensors.torch import load_file, save_file
from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

from pipelines.families.svd import releases
from pipelines.families.svd.names import source_of

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


def release(monkeypatch: Any, folder: Path, model: str) -> None:
    """For one test, the weights in a folder, or a file, are those of a release."""
    files = [folder] if folder.is_file() else list(folder.rglob("*.safetensors"))
    hashes = {hashlib.sha256(file.read_bytes()).hexdigest(): frozenset({model}) for file in files}
    monkeypatch.setattr(releases, "RELEASED", releases.RELEASED | hashes)
    monkeypatch.setattr(releases, "RELEASED_SIZES", releases.RELEASED_SIZES | {file.stat().st_size for file in files})


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


def stability_file(path: Path, networks: dict[str, Any]) -> Path:
    """Writes networks as Stability would: the way back of each change."""
    tensors: dict[str, Any] = {}
    for part, network in networks.items():
        for name, weight in network.named_parameters():
            source = source_of(part, name)
            kept = weight.detach().clone()
            if source.change.endswith("third"):
                tensors.setdefault(source.name, {})[source.change] = kept
                continue
            shaped = {"as a matrix": lambda w: w[:, :, None, None], "transposed": lambda w: w.T}
            tensors[source.name] = shaped.get(source.change, lambda w: w)(kept).contiguous()
    order = ("first third", "second third", "last third")
    joined = {n: torch.cat([t[third] for third in order]) if isinstance(t, dict) else t for n, t in tensors.items()}
    save_file(joined | {"conditioner.embedders.3.encoder.decoder.conv_in.bias": torch.zeros(3)}, path)
    return path


def unet_of(folder: Path) -> dict[str, torch.Tensor]:
    """The weights of the UNet in a folder, by diffusers' names."""
    return load_file(next((folder / "unet").glob("*.safetensors")))


def unet_file(path: Path, weights: dict[str, torch.Tensor], layout: str = "diffusers") -> Path:
    """Writes a UNet alone, by "diffusers", "unet.", "stability" or "bare stability" names."""
    save_file({named_as(layout, name): weight for name, weight in weights.items()}, path)
    return path


def named_as(layout: str, name: str) -> str:
    """What a weight of the UNet, or a layer of it with a "." at its end, is called in a layout."""
    theirs = source_of("unet", name).name
    return {
        "diffusers": name,
        "unet.": f"unet.{name}",
        "stability": theirs,
        "bare stability": theirs.removeprefix("model.diffusion_model."),
    }[layout]


Halves = dict[str, tuple[torch.Tensor, torch.Tensor]]


def random_halves(weights: dict[str, torch.Tensor], layers: tuple[str, ...], rank: int = 2) -> Halves:
    """Down and up for the layers, of an effect as large as the layer's own."""
    generator = torch.Generator().manual_seed(3)

    def halves(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        down = torch.randn(rank, *weight.shape[1:], generator=generator) * 0.1
        return down, torch.randn(len(weight), rank, *(1 for _ in weight.shape[2:]), generator=generator) * 0.5

    return {layer: halves(weights[f"{layer}.weight"]) for layer in layers}


LORA_NAMES = {
    "diffusers": "unet.{}.lora_{}.weight",
    "older diffusers": "unet.{}.lora.{}.weight",
    "PEFT": "base_model.model.{}.lora_{}.default.weight",
    "PEFT, named": "base_model.model.{}.lora_{}.my_adapter.weight",
    "bare": "{}.lora_{}.weight",
    "kohya": "lora_unet_{}.lora_{}.weight",
}


def lora_file(path: Path, halves: Halves, layout: str = "diffusers", alpha: float | None = None, **about: str) -> Path:
    """Writes low-rank deltas by the names of one of `LORA_NAMES`, each with `alpha` where there is one."""
    sides = ("A", "B") if layout in {"diffusers", "PEFT", "PEFT, named", "bare"} else ("down", "up")
    tensors: dict[str, Any] = {}
    for layer, pair in halves.items():
        called = layer.replace(".", "_") if layout == "kohya" else layer
        names = [LORA_NAMES[layout].format(called, side) for side in sides]
        tensors |= {name: half.clone() for name, half in zip(names, pair, strict=True)}
        if alpha is not None:
            tensors[names[0].split(".lora_")[0].split(".lora.")[0] + ".alpha"] = torch.tensor(alpha)
    save_file(tensors, path, metadata=about or None)
    return path
