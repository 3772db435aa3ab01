"""How much memory is free where the network runs, and plain words for when it is not enough."""

from __future__ import annotations

import torch

from pipelines.errors import OutOfMemory
from pipelines.families.svd import cost
from pipelines.families.svd.plan import SIXTEEN_BIT
from pipelines.machine import memory
from pipelines.models.fit import choose_built_in
from pipelines.request import MotionRequest


def usable_bytes(device: torch.device, itemsize: int) -> float:
    """Bytes of `device` that a model and its run may take together, if the model is there already."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0] + torch.cuda.memory_reserved(device)
    if device.type == "mps":
        return torch.mps.recommended_max_memory()
    return memory().available_bytes + cost.WEIGHTS_BYTES * itemsize / SIXTEEN_BIT


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
    return OutOfMemory(f"Not enough {_kind(device)} for the weights.", f"Close other programs. {choose_built_in()}")


def _kind(device: torch.device) -> str:
    return "memory" if device.type == "cpu" else "GPU memory"


def _smaller(request: MotionRequest) -> str:
    """The cheapest remedy: a smaller picture keeps every frame."""
    width, height = cost.small_size(request)
    if request.width * request.height > width * height:
        share = width * height / (request.width * request.height)
        return f"A size of {width}x{height} needs {share:.0%} of it."
    return f"Set num_frames to {max(2, request.num_frames // 2)}."
