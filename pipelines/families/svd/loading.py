"""From a folder to a model that can animate."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import torch
from accelerate import init_empty_weights
from safetensors import SafetensorError
from transformers import CLIPVisionModelWithProjection

from pipelines.devices import device_called
from pipelines.errors import ModelError
from pipelines.families.svd.addon import AddOn, recognise
from pipelines.families.svd.animator import SvdAnimator
from pipelines.families.svd.dtype import choose_dtype
from pipelines.families.svd.folder import SvdFolder
from pipelines.families.svd.fusing import check_fit, lay_on
from pipelines.families.svd.memory import load_shortage
from pipelines.families.svd.networks import PARTS
from pipelines.families.svd.single_file import inspect, read_header
from pipelines.families.svd.tiny_decoder import open_tiny
from pipelines.machine import gpus
from pipelines.quiet import quiet_libraries
from pipelines.shortage import is_out_of_memory, within_memory

REMEDY = "Download the model again."


def load_svd(
    path: Path,
    device: str | None = None,
    dtype: str | None = None,
    add_on: Path | None = None,
    taesd: Path | None = None,
) -> SvdAnimator:
    """The model in the folder or file `path`, on `device` (the best there is), in `dtype` (see `choose_dtype`).

    With an `add_on`, a file of a UNet or of deltas, the release with that on top (see `lay_on`); with the file of
    a `taesd`, its looks at a run are drawn by that. Reads safetensors only, asks no network and runs no code of the
    folder. Raises `ModelError` where it is no Stable Video Diffusion, holds pickles or is damaged, or the device is
    missing; `OutOfMemory` where it does not fit.
    """
    folder = inspect(path)
    laid_on = None if add_on is None else _add_on(add_on)
    place = device_called(device)
    choice = choose_dtype(place.type, dtype)
    pipeline = within_memory(partial(_open, folder, choice.dtype), load_shortage(torch.device("cpu")))
    _check_complete(pipeline, folder)
    if laid_on is not None:
        within_memory(partial(_lay_on, pipeline, laid_on, folder), load_shortage(torch.device("cpu")))
    within_memory(partial(_move, pipeline, place), load_shortage(place))
    animator = SvdAnimator(pipeline, choice, place)
    animator.told = "" if device else _unseen_gpu(place)
    animator.networks.drawer = None if taesd is None else open_tiny(taesd, place, choice.dtype)
    return animator


def check_add_on(path: Path, base: Path) -> None:
    """Raises `ModelError` where the add-on `path` does not fit the release in the folder or file `base`.

    Looks at names and shapes only, within seconds.
    """
    check_fit(_empty_unet(inspect(base)), _add_on(path))


def _unseen_gpu(place: torch.device) -> str:
    """A sentence where there is a GPU that torch does not find: the page has promised a run on it."""
    unseen = gpus() if place.type == "cpu" else ()
    if not unseen:
        return ""
    return f"torch does not find the {unseen[0].name}: this runs on the CPU. Install a torch with CUDA, or its driver."


@quiet_libraries()
def _open(folder: SvdFolder, dtype: torch.dtype) -> Any:
    try:
        return _open_file(folder, dtype) if folder.path.is_file() else _open_folder(folder, dtype)
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        if is_out_of_memory(error):
            raise
        raise ModelError(f"The weights in {folder.path} are damaged or incomplete.", REMEDY) from error


def _open_file(folder: SvdFolder, dtype: torch.dtype) -> Any:
    from pipelines.families.svd.file_loading import open_file

    return open_file(folder.path, folder.num_frames, dtype)


def _open_folder(folder: SvdFolder, dtype: torch.dtype) -> Any:
    from diffusers import StableVideoDiffusionPipeline  # here, because its import alone has something to say

    options = {"variant": folder.variant, "dtype": dtype, "use_safetensors": True, "local_files_only": True}
    encoder, report = CLIPVisionModelWithProjection.from_pretrained(
        folder.path / "image_encoder", output_loading_info=True, **options
    )
    pipeline = StableVideoDiffusionPipeline.from_pretrained(folder.path, image_encoder=encoder, **options)
    if report["missing_keys"]:
        raise ModelError(f"The image_encoder in {folder.path} lacks some of its weights.", REMEDY)
    return pipeline


def _add_on(path: Path) -> AddOn:
    found = recognise(path)
    if not isinstance(found, AddOn):
        raise ModelError(f"{path.name} is a whole model, nothing that stands on one.", "Add it again as it is now.")
    return found


@quiet_libraries()
def _lay_on(pipeline: Any, add_on: AddOn, base: SvdFolder) -> None:
    try:
        lay_on(pipeline.unet, add_on, base)
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        if is_out_of_memory(error):
            raise
        raise ModelError(f"The weights in {add_on.path} are damaged or incomplete.", REMEDY) from error


@quiet_libraries()
def _empty_unet(base: SvdFolder) -> Any:
    """The UNet of a release without its numbers."""
    from diffusers import UNetSpatioTemporalConditionModel

    if base.path.is_file():
        from pipelines.families.svd.file_loading import empty_networks

        return empty_networks(read_header(base.path), base.num_frames)["unet"]
    with init_empty_weights():
        return UNetSpatioTemporalConditionModel.from_config(
            UNetSpatioTemporalConditionModel.load_config(base.path / "unet")
        )


def _check_complete(pipeline: Any, folder: SvdFolder) -> None:
    """diffusers leaves a weight that its file lacks on the meta device, without numbers.

    A flipped bit in a file can make a weight infinite, and with it every clip.
    """
    for part in PARTS:
        weights = list(getattr(pipeline, part).parameters())
        if any(weight.is_meta for weight in weights):
            raise ModelError(f"The {part} in {folder.path} lacks some of its weights.", REMEDY)
        if not all(torch.isfinite(weight).all() for weight in weights):
            raise ModelError(f"The {part} in {folder.path} has weights that are not finite: it is damaged.", REMEDY)


@quiet_libraries()
def _move(pipeline: Any, place: torch.device) -> None:
    pipeline.to(place)
