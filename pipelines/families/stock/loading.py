"""From a folder to a pipeline that can animate."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from pipelines.devices import device_called, format_called
from pipelines.errors import ModelError, OutOfMemory
from pipelines.families.stock.animator import StockAnimator
from pipelines.families.stock.capabilities import Capabilities, capabilities_of
from pipelines.families.stock.folder import StockFolder, inspect_folder
from pipelines.quiet import quiet_libraries
from pipelines.shortage import is_out_of_memory, within_memory

AGAIN = "Download the model again."

FINE = frozenset({"AutoencoderKLWan", "AutoencoderKLHunyuanVideo", "CLIPVisionModel", "CLIPVisionModelWithProjection"})
"""Classes of parts that their model cards and diffusers' examples keep in float32: in 16 bit, colours break."""


def open_stock(path: Path, device: str | None = None, dtype: str | None = None) -> StockAnimator:
    """The pipeline in a folder, on `device` (the best there is), in `dtype` where its parts allow: bf16 on a GPU, whose
    range is that of fp32, which is taken on a CPU.

    Reads safetensors only, asks no network and runs no code of the folder. Raises `ModelError`, and `OutOfMemory` where
    the weights do not fit into the machine's memory.
    """
    folder = inspect_folder(path)
    can = capabilities_of(folder)
    place = device_called(device)
    number = format_called(dtype or ("fp32" if place.type == "cpu" else "bf16"))
    shortage = OutOfMemory("Not enough memory for the weights.", "Close other programs, or choose a smaller model.")
    load = partial(within_memory, partial(_open, folder, can, number), shortage)
    return StockAnimator(load, can, place)


@quiet_libraries()
def _open(folder: StockFolder, can: Capabilities, dtype: torch.dtype) -> Any:
    import diffusers

    fine = {name: torch.float32 for name, kind in folder.parts.items() if kind in FINE}
    try:
        return getattr(diffusers, can.pipeline).from_pretrained(
            folder.path,
            dtype={"default": dtype, **fine},
            variant=folder.variant,
            use_safetensors=True,
            local_files_only=True,
        )
    except (OSError, ValueError, RuntimeError, KeyError, AttributeError, SafetensorError) as error:
        if is_out_of_memory(error):
            raise
        raise ModelError(f"The files in {folder.path} are damaged or incomplete.", AGAIN) from error
