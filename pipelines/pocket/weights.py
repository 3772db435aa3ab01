"""The built-in model's network on disk, opened without diffusers' pipelines: those take eight seconds to import."""

from __future__ import annotations

from pathlib import Path

import torch

from pipelines.pocket.denoiser import HappeningDenoiser


def open_denoiser(folder: Path) -> HappeningDenoiser:
    """The network of a pipeline folder, in float32 on the CPU; raises `OSError` where a part is missing."""
    where = {"subfolder": "denoiser", "local_files_only": True}
    opened = HappeningDenoiser.from_pretrained(folder, **where, use_safetensors=True, torch_dtype=torch.float32)
    network: HappeningDenoiser = opened.eval().requires_grad_(False)
    return network
