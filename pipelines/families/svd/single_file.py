"""A checkpoint in one file, in Stability's layout: what is in it, by its header alone. Knows no torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.errors import ModelError
from pipelines.families.svd.folder import SvdFolder, inspect_folder
from pipelines.models.files import check_no_pickle

LENGTH_BYTES = 8
"""Bytes in front of the header of a safetensors file, which say how long it is."""

LONGEST_HEADER = 100_000_000
"""Bytes; the format allows no more."""

MARKS = {
    "the UNet": "model.diffusion_model.input_blocks.1.0.time_stack.in_layers.2.weight",
    "the decoder": "first_stage_model.decoder.conv_out.time_mix_conv.weight",
    "the VAE's encoder": "conditioner.embedders.3.encoder.encoder.conv_in.weight",
    "the image encoder": "conditioner.embedders.0.open_clip.model.visual.conv1.weight",
}
"""A weight of each part that no other model has."""

XT_FRAMES, FRAMES = 25, 14
"""Frames of the two kinds of releases. Their weights are of the same shapes: only the name of the file tells."""


@dataclass(frozen=True)
class Header:
    """The shapes of all weights of a file, by their names, and what its maker wrote about it."""

    shapes: dict[str, tuple[int, ...]]
    about: Mapping[str, str] = field(default_factory=dict)


def inspect(path: Path) -> SvdFolder:
    """Checks a diffusers folder or a single file. Raises `ModelError` where it is no Stable Video Diffusion."""
    return inspect_file(path) if path.is_file() else inspect_folder(path)


def inspect_file(path: Path) -> SvdFolder:
    """Checks a single file; opens no weights.

    Raises `ModelError` for a pickle, a file that is cut off or no safetensors, and for another model.
    """
    check_no_pickle(path)
    return whole_in(path, read_header(path))


def whole_in(path: Path, header: Header) -> SvdFolder:
    """The checkpoint with this header. Raises `ModelError` where it lacks a part, or is another model."""
    missing = [part for part, mark in MARKS.items() if mark not in header.shapes]
    if len(missing) == len(MARKS):
        raise ModelError(f"{path.name} is not Stable Video Diffusion.", "Give svd.safetensors or svd_xt.safetensors.")
    if missing:
        raise ModelError(f"{path.name} lacks {', '.join(missing)}.", "Give the whole checkpoint, of about 9 GB.")
    return SvdFolder(path, XT_FRAMES if "xt" in path.stem.lower() else FRAMES, None)


def read_header(path: Path) -> Header:
    """The header of a safetensors file. Raises `ModelError` where it is none, is damaged, or is cut off."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(LENGTH_BYTES), "little")
            entries = json.loads(file.read(min(length, LONGEST_HEADER)))
        about = entries.pop("__metadata__", {})
        end = LENGTH_BYTES + length + max(int(entry["data_offsets"][1]) for entry in entries.values())
        shapes = {name: tuple(int(side) for side in entry["shape"]) for name, entry in entries.items()}
    except OSError as error:
        raise ModelError(f"{path} cannot be read.", "Check the path.") from error
    # nested a thousand deep, or a size of infinity: somebody's joke, and no safetensors either
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError, OverflowError) as error:
        raise ModelError(f"{path.name} is no safetensors file, or a damaged one.", "Download it again.") from error
    size = path.stat().st_size
    if size != end:
        raise ModelError(f"{path.name} has {size:,} bytes of {end:,}: it is cut off or damaged.", "Download it again.")
    return Header(shapes, about)
