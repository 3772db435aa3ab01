"""From a folder to a pipeline that can animate."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from pipelines.errors import ModelError, OutOfMemory
from pipelines.families.stock.animator import StockAnimator
from pipelines.families.stock.capabilities import Capabilities, capabilities_of
from pipelines.families.stock.folder import StockFolder, inspect_folder
from pipelines.svd.memory import is_out_of_memory, within_memory
from pipelines.svd.quiet import quiet_libraries

AGAIN = "Download the model again."

FINE = frozenset({"AutoencoderKLWan", "AutoencoderKLHunyuanVideo", "CLIPVisionModel", "CLIPVisionModelWithProjection"})
"""Classes of parts that their model cards and diffusers' examples keep in float32: in 16 bit, colours break."""


def open_stock(path: Path, device: torch.device, dtype: torch.dtype) -> StockAnimator:
    """The pipeline in a folder, on `device`, in `dtype` where its parts allow.

    Reads safetensors only, asks no network and runs no code of the folder. Raises `ModelError`, and `OutOfMemory` where
    the weights do not fit into the machine's memory.
    """
    folder = inspect_folder(path)
    can = capabilities_of(folder)
    shortage = OutOfMemory("Not enough memory for the weights.", "Close other programs, or choose a smaller model.")
    load = partial(within_memory, partial(_open, folder, can, dtype), shortage)
    return StockAnimator(load, can, device)


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
