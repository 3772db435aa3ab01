"""TAESD, a decoder of 1.2 million weights, for the previews: where it is in a file. Knows no torch.

Its layout as in madebyollin/taesd (`taesd.py`); diffusers (`AutoencoderTiny`) counts its layers from one later on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from pipelines.errors import ModelError
from pipelines.families.svd.single_file import Header, read_header

CONFIG, CLASS = "config.json", "AutoencoderTiny"

FOLDER_WEIGHTS = ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.fp16.safetensors")

WIDTH, LATENT_CHANNELS = 64, 4

STAGES = (3, 3, 3, 1)
"""Residual blocks before each doubling of the size, and before the end."""

NAMES: tuple[Callable[[int, str], str], ...] = (
    lambda layer, rest: f"decoder.layers.{layer}.{rest}",
    lambda layer, rest: f"{layer + 1}.{rest}",
    lambda layer, rest: f"taesd_decoder.{layer + 1}.{rest}",
    lambda layer, rest: f"decoder.{layer + 1}.{rest}",
)
"""What a weight of a layer is called: by diffusers, in `taesd_decoder.safetensors`, and in files of both halves."""


def taesd_in(path: Path) -> Path | None:
    """The file with TAESD's weights, which `path` is or a diffusers folder at `path` has; None for anything else.

    Raises `ModelError` for a relative of it that reads other latents, and for a folder without its safetensors file.
    """
    if path.is_dir():
        return _in_folder(path)
    if path.suffix != ".safetensors" or not path.is_file():
        return None
    header = read_header(path)
    if not any(name(0, "weight") in header.shapes and name(2, "conv.0.weight") in header.shapes for name in NAMES):
        return None
    _check(path, header)
    return path


def taesd_names(header: Header) -> dict[str, str] | None:
    """Where each weight of diffusers' decoder is in a file; None where one is missing or of another shape."""
    for name in NAMES:
        places = {f"layers.{layer}.{rest}": name(layer, rest) for layer, rest, _ in _weights()}
        shapes = [shape for _, _, shape in _weights()]
        if [header.shapes.get(place) for place in places.values()] == shapes:
            return places
    return None


def _in_folder(folder: Path) -> Path | None:
    try:
        settings = json.loads((folder / CONFIG).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(settings, dict) or settings.get("_class_name") != CLASS:
        return None
    found = next((folder / name for name in FOLDER_WEIGHTS if (folder / name).is_file()), None)
    if found is None:
        raise ModelError(f"{folder} has no {FOLDER_WEIGHTS[0]}.", "Download it again, as safetensors.")
    _check(found, read_header(found))
    return found


def _check(file: Path, header: Header) -> None:
    # TAESDXL has the very same shapes: only what it is called tells.
    if taesd_names(header) is None or "taesdxl" in f"{file.parent.name}/{file.name}".lower():
        raise ModelError(f"{file.name} is no TAESD for the latents of Stable Diffusion 1.", "Take madebyollin/taesd.")


def _weights() -> Iterator[tuple[int, str, tuple[int, ...]]]:
    """The layer, the rest of the name and the shape of each weight, layers counted as diffusers does."""
    inner = (WIDTH, WIDTH, 3, 3)
    yield 0, "weight", (WIDTH, LATENT_CHANNELS, 3, 3)
    yield 0, "bias", (WIDTH,)
    layer = 2
    for stage, blocks in enumerate(STAGES):
        for _ in range(blocks):
            for conv in (0, 2, 4):
                yield layer, f"conv.{conv}.weight", inner
                yield layer, f"conv.{conv}.bias", (WIDTH,)
            layer += 1
        if stage < len(STAGES) - 1:
            yield layer + 1, "weight", inner
            layer += 2
    yield layer, "weight", (3, WIDTH, 3, 3)
    yield layer, "bias", (3,)
