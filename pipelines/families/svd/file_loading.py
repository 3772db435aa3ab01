"""From a single file in Stability's layout to the pipeline that diffusers would load from a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from accelerate import init_empty_weights
from safetensors import safe_open
from transformers import CLIPImageProcessor

from pipelines.errors import ModelError
from pipelines.families.svd import architecture
from pipelines.families.svd.names import CLIP, Part, Source, source_of
from pipelines.families.svd.single_file import MARKS, Header, read_header

PARTS: tuple[Part, ...] = ("unet", "vae", "image_encoder")

THIRD = {"first third": 0, "second third": 1, "last third": 2}


def open_file(path: Path, frames: int, dtype: torch.dtype) -> Any:
    """A `StableVideoDiffusionPipeline` in `dtype`, on the CPU.

    One weight at a time is read and converted, so that a file in float32 needs no more memory than one in fp16.
    Raises `ModelError` for a weight that is missing or of another shape, before any is used.
    """
    from diffusers import StableVideoDiffusionPipeline

    networks = empty_networks(read_header(path), frames)
    with safe_open(path, framework="pt") as file:
        for part in PARTS:
            _fill(networks[part], part, file, dtype)
    return StableVideoDiffusionPipeline(
        **networks, scheduler=architecture.scheduler(), feature_extractor=CLIPImageProcessor()
    )


def empty_networks(header: Header, frames: int) -> dict[str, Any]:
    """The three networks without weights, as wide and as deep as those in the file."""
    shapes = header.shapes
    clip_layers = {name.split(".resblocks.")[1].split(".")[0] for name in shapes if f"{CLIP}transformer.resbl" in name}
    with init_empty_weights(include_buffers=False):
        return {
            "unet": architecture.unet(shapes[MARKS["the UNet"]][0], frames).eval(),
            "vae": architecture.vae(shapes["first_stage_model.decoder.conv_out.weight"][1]).eval(),
            "image_encoder": architecture.image_encoder(shapes[MARKS["the image encoder"]][0], len(clip_layers)).eval(),
        }


def _fill(network: Any, part: Part, file: Any, dtype: torch.dtype) -> None:
    weights = {}
    for name, empty in network.named_parameters():
        weight = _read(file, source_of(part, name))
        if weight.shape != empty.shape:
            raise ModelError(
                f"{name} of the {part} is {tuple(weight.shape)} in the file, not {tuple(empty.shape)}.",
                "Give an unchanged checkpoint.",
            )
        weights[name] = weight.to(dtype).contiguous()
    network.load_state_dict(weights, assign=True, strict=False)
    network.requires_grad_(False)


def _read(file: Any, source: Source) -> torch.Tensor:
    weight = file.get_tensor(source.name)
    if source.change in THIRD:
        return weight.chunk(3)[THIRD[source.change]]
    if source.change == "as a matrix":
        return weight.flatten(1)
    return weight.T if source.change == "transposed" else weight
