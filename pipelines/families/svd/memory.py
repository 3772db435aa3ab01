"""How much memory is free where the network runs, and plain words for when it is not enough."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable
from typing import TypeVar

import torch

from pipelines.errors import OutOfMemory
from pipelines.families.svd import cost
from pipelines.families.svd.plan import SIXTEEN_BIT
from pipelines.machine import memory
from pipelines.request import MotionRequest

Result = TypeVar("Result")

log = logging.getLogger(__name__)

OUT_OF_MEMORY_WORDS = ("out of memory", "not enough memory", "can't allocate memory")
"""How CUDA and MPS, Windows' and Linux' allocators say it, in that order; only CUDA's error has a class of its own."""


def usable_bytes(device: torch.device, itemsize: int) -> float:
    """Bytes of `device` that a model and its run may take together, if the model is there already."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0] + torch.cuda.memory_reserved(device)
    if device.type == "mps":
        return torch.mps.recommended_max_memory()
    return memory().available_bytes + cost.WEIGHTS_BYTES * itemsize / SIXTEEN_BIT


def within_memory(work: Callable[[], Result], shortage: OutOfMemory) -> Result:
    """What `work` returns; raises `shortage` where it runs out of memory, with the memory given back."""
    try:
        return work()
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        log.warning("Out of memory: %s", error)
    # Outside of the except block, whose traceback holds on to every tensor of the failed call (pytorch #18853).
    give_back()
    raise shortage


def give_back() -> None:
    """Lets go of what nothing refers to any more, on the GPU too."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def is_out_of_memory(error: Exception) -> bool:
    """Whether `error` is a failed allocation, on any device."""
    text = str(error).lower()
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or any(
        words in text for words in OUT_OF_MEMORY_WORDS
    )


def sampling_shortage(request: MotionRequest, device: torch.device) -> OutOfMemory:
    """The error for a run whose frames do not fit through the UNet under any plan."""
    sentence = f"Not enough {_kind(device)} for {request.num_frames} frames at {request.width}x{request.height}."
    return OutOfMemory(sentence, _smaller(request))


def decode_shortage(request: MotionRequest, device: torch.device) -> OutOfMemory:
    """The error for a run whose sampling is done, but which cannot be decoded under any plan."""
    clip = f"{request.num_frames} frames of {request.width}x{request.height}"
    return OutOfMemory(f"Not enough {_kind(device)} to decode {clip}.", _smaller(request))


def load_shortage(device: torch.device) -> OutOfMemory:
    """The error for weights that do not fit."""
    return OutOfMemory(
        f"Not enough {_kind(device)} for the weights.", "Close other programs, or choose the model Pocket."
    )


def _kind(device: torch.device) -> str:
    return "memory" if device.type == "cpu" else "GPU memory"


def _smaller(request: MotionRequest) -> str:
    """The cheapest remedy: a smaller picture keeps every frame."""
    width, height = cost.small_size(request)
    if request.width * request.height > width * height:
        share = width * height / (request.width * request.height)
        return f"A size of {width}x{height} needs {share:.0%} of it."
    return f"Set num_frames to {max(2, request.num_frames // 2)}."
