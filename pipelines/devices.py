"""What a model runs on, and in which number format, by their names. Imports torch."""

from __future__ import annotations

import torch

from pipelines.errors import ModelError

FORMATS = {
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "float32": torch.float32,
    "fp16": torch.float16,
    "bf16": torch.bfloat16,
    "fp32": torch.float32,
}
"""torch's names of the number formats, and the field's short ones."""


def best_device() -> str:
    """The best device of this machine: "cuda" before "mps" before "cpu"."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def device_called(name: str | None) -> torch.device:
    """The device with this name, or the best there is. Raises `ModelError` where the machine has none of it."""
    place = torch.device(name or best_device())
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if not {"cpu": True, "cuda": cuda, "mps": mps}.get(place.type, False):
        raise ModelError(
            f"torch finds no {place} on this machine.", f"Leave the device out: it would be {best_device()}."
        )
    return place


def format_called(name: str) -> torch.dtype:
    """The number format with this name, one of `FORMATS`. Raises `ModelError`."""
    if name not in FORMATS:
        raise ModelError(f"There is no number format called {name}.", f"Choose one of {', '.join(FORMATS)}.")
    return FORMATS[name]
