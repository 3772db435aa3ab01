"""The built-in model's networks on disk, opened part by part: diffusers' pipelines take eight seconds to import."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel

from pipelines.pocket.codec import MotionCodec
from pipelines.pocket.denoiser import StillEncoder
from pipelines.pocket.sampling import Networks


def open_networks(folder: Path) -> Networks:
    """The networks of a pipeline folder, in float32 on the CPU; raises `OSError` where a part is missing."""
    return Networks(
        _open_part(UNet2DConditionModel, folder, "unet"),
        _open_part(StillEncoder, folder, "encoder"),
        _open_part(MotionCodec, folder, "codec"),
    )


def _open_part(kind: Any, folder: Path, name: str) -> Any:
    where = {"subfolder": name, "local_files_only": True}
    return kind.from_pretrained(folder, **where, use_safetensors=True, torch_dtype=torch.float32)
