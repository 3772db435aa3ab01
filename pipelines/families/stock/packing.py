"""State of a run as plain arrays: nested values become a list of float32 arrays and a text that says where they go.

No pickles: a checkpoint is a file that somebody may have put there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[np.float32]]

WIDE = (torch.float32, torch.float16, torch.bfloat16)
"""Number formats that float32 holds exactly; others are kept byte by byte."""

LAYOUT = "layout"
"""The name of the array that holds the text."""


def is_plain(value: Any) -> bool:
    """Whether a value can be packed: numbers, texts, tensors, arrays, and lists, tuples and dicts of them."""
    if isinstance(value, dict):
        return all(isinstance(key, str) for key in value) and all(map(is_plain, value.values()))
    if isinstance(value, list | tuple):
        return all(map(is_plain, value))
    return value is None or isinstance(value, bool | int | float | str | torch.Tensor | np.ndarray)


def copied(value: Any) -> Any:
    """The same value on the CPU, sharing no memory. Objects of diffusers, which are dicts of tensors, come as a
    `SimpleNamespace`."""
    if isinstance(value, torch.Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, list | tuple):
        return type(value)(map(copied, value))
    if isinstance(value, dict):
        items = {name: copied(item) for name, item in value.items()}
        return items if type(value) is dict else SimpleNamespace(**items)
    return value


def moved(value: Any, device: torch.device) -> Any:
    """A copy of what `copied` gave, with its tensors on `device`."""
    if isinstance(value, torch.Tensor):
        return value.to(device, copy=True)
    if isinstance(value, list | tuple):
        return type(value)(moved(item, device) for item in value)
    if isinstance(value, dict):
        return {name: moved(item, device) for name, item in value.items()}
    if isinstance(value, SimpleNamespace):
        return SimpleNamespace(**moved(vars(value), device))
    return value


def packed(state: Any) -> dict[str, NDArray[np.float32]]:
    """`state` as arrays; `unpacked` gives it back bit by bit."""
    arrays: dict[str, NDArray[np.float32]] = {}
    text = json.dumps(_pack(state, arrays)).encode()
    return {LAYOUT: np.frombuffer(text, np.uint8).astype(np.float32), **arrays}


def unpacked(arrays: Arrays) -> Any:
    """What was packed; None for arrays that are something else."""
    try:
        text = arrays[LAYOUT].astype(np.uint8).tobytes().decode()
        return _unpack(json.loads(text), arrays)
    except (KeyError, ValueError, TypeError, AttributeError, RuntimeError):
        return None


def _pack(value: Any, arrays: dict[str, NDArray[np.float32]]) -> Any:
    if isinstance(value, torch.Tensor):
        return {
            "tensor": _put(value, arrays),
            "dtype": str(value.dtype).removeprefix("torch."),
            "shape": [*value.shape],
        }
    if isinstance(value, np.ndarray):
        return {"array": _pack(torch.from_numpy(value.copy()), arrays)}
    if isinstance(value, SimpleNamespace):
        return {"object": {name: _pack(item, arrays) for name, item in vars(value).items()}}
    if isinstance(value, dict):
        return {"dict": [[name, _pack(item, arrays)] for name, item in value.items()]}
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [_pack(item, arrays) for item in value]}
    return {"value": value}


def _put(tensor: torch.Tensor, arrays: dict[str, NDArray[np.float32]]) -> str:
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    name = f"tensor {len(arrays)}"
    arrays[name] = (flat if tensor.dtype in WIDE else flat.view(torch.uint8)).to(torch.float32).numpy()
    return name


def _get(about: Mapping[str, Any], arrays: Arrays) -> torch.Tensor:
    dtype = getattr(torch, about["dtype"])
    flat = torch.from_numpy(np.array(arrays[about["tensor"]], np.float32).reshape(-1))
    tensor = flat.to(dtype) if dtype in WIDE else flat.to(torch.uint8).view(dtype)
    return tensor.reshape(about["shape"])


def _unpack(about: Mapping[str, Any], arrays: Arrays) -> Any:
    if "tensor" in about:
        return _get(about, arrays)
    [(kind, value)] = about.items()
    if kind == "array":
        return _get(value, arrays).numpy()
    if kind == "object":
        return SimpleNamespace(**{name: _unpack(item, arrays) for name, item in value.items()})
    if kind == "dict":
        return {name: _unpack(item, arrays) for name, item in value}
    if kind in {"list", "tuple"}:
        items = [_unpack(item, arrays) for item in value]
        return items if kind == "list" else tuple(items)
    return value
