"""What a failed allocation looks like, on any device, and what is done about it. Imports torch."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable
from typing import TypeVar

import torch

from pipelines.errors import OutOfMemory

Result = TypeVar("Result")

log = logging.getLogger(__name__)

OUT_OF_MEMORY_WORDS = (
    "out of memory",
    "not enough memory",
    "can't allocate memory",
    "cublas_status_alloc_failed",
    "cudnn_status_alloc_failed",
    "cufft_alloc_failed",
    "cusolver_status_alloc_failed",
)
"""How CUDA and MPS, Windows' and Linux' allocators say it, in that order, and CUDA's libraries, where a workspace of
theirs found no room; only CUDA's own error has a class of its own."""


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
