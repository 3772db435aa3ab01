"""The eyes' weights on disk: one safetensors file, the backbone in 8 bit, the heads in 16."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from pipelines.errors import ModelError
from pipelines.eyes.backbone import Backbone
from pipelines.eyes.head import Head
from pipelines.models.spec import BUILT_IN

WEIGHTS = BUILT_IN / "eyes" / "eyes.safetensors"

LEVELS = 127
"""Of 8 bits with a sign: each output channel of a convolution has a scale of its own."""

SCALE = ".scale"


def open_eyes(path: Path = WEIGHTS) -> tuple[Backbone, nn.ModuleList]:
    """The backbone and the heads, in float32 on the CPU. Raises `ModelError` where the file is not whole."""
    try:
        kept = load_file(path)
        heads = 1 + max(int(name.split(".")[1]) for name in kept if name.startswith("heads."))
        backbone, several = Backbone(), nn.ModuleList(Head() for _ in range(heads))
        backbone.load_state_dict(dict(_unpacked(kept, "backbone.")))
        several.load_state_dict(dict(_unpacked(kept, "heads.")))
    except (OSError, SafetensorError, RuntimeError, ValueError, KeyError) as error:
        cure = "Get that file again: git checkout -- assets/models/eyes, or install Stillmotion anew."
        raise ModelError("The weights by which pictures are looked at are damaged.", cure) from error
    return backbone.eval().requires_grad_(False), several.eval().requires_grad_(False)


def save_eyes(backbone: Backbone, heads: Sequence[nn.Module], path: Path) -> None:
    """Write the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    packed: dict[str, Tensor] = {}
    for name, weight in backbone.state_dict().items():
        packed |= _packed(f"backbone.{name}", weight)
    for name, weight in nn.ModuleList(heads).state_dict().items():
        packed[f"heads.{name}"] = weight.half()
    save_file({name: weight.contiguous() for name, weight in packed.items()}, path)


def _packed(name: str, weight: Tensor) -> dict[str, Tensor]:
    if weight.ndim < 2:
        return {name: weight.half()}
    scale = weight.flatten(1).abs().amax(1) / LEVELS
    levels = (weight / scale[:, None, None, None]).round().to(torch.int8)
    return {name: levels, name + SCALE: scale}


def _unpacked(kept: dict[str, Tensor], prefix: str) -> Iterator[tuple[str, Tensor]]:
    for name, weight in kept.items():
        if name.startswith(prefix) and not name.endswith(SCALE):
            scale = kept.get(name + SCALE)
            yield name.removeprefix(prefix), weight.float() * (1.0 if scale is None else scale[:, None, None, None])
