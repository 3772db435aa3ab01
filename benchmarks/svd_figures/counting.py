"""Counts work and live memory of code that runs on meta tensors: exact, and free of charge for any size."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode


@dataclass(frozen=True)
class Count:
    """What some code took: floating point operations, and the most bytes that its own tensors held at once."""

    flops: int
    peak_bytes: int


def count(work: Callable[[], object]) -> Count:
    """Runs `work` and counts. Tensors that were there before are not in the peak."""
    with torch.no_grad(), LiveBytes() as memory, FlopCounterMode(display=False) as flops, FusedAttention() as attention:
        work()
    return Count(flops.get_total_flops() + attention.flops, memory.peak)


class FusedAttention(TorchFunctionMode):
    """Attention as the fused kernels do it: no matrix of scores. On meta tensors torch would write that matrix out."""

    def __init__(self) -> None:
        super().__init__()
        self.flops = 0

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Counts attention, and lets everything else pass."""
        if func is not F.scaled_dot_product_attention:
            return func(*args, **(kwargs or {}))
        query, key, value = args
        self.flops += (
            2 * query.numel() * key.shape[-2] + 2 * query[..., 0].numel() * value.numel() // value.shape[:-2].numel()
        )
        return torch.empty_like(query)


class LiveBytes(TorchDispatchMode):
    """Adds up the storages that operations make, and takes them off when they die; `peak` is the most at once."""

    def __init__(self) -> None:
        super().__init__()
        self.live = 0
        self.peak = 0
        self._known: dict[int, weakref.ref[Any]] = {}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Runs the operation, and looks at what came out that did not go in."""
        given = {id(tensor.untyped_storage()) for tensor in tree_leaves((args, kwargs)) if _is_tensor(tensor)}
        out = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            if _is_tensor(tensor) and id(tensor.untyped_storage()) not in given:
                self._see(tensor.untyped_storage())
        return out

    def _see(self, storage: torch.UntypedStorage) -> None:
        key, size = id(storage), storage.nbytes()
        if key in self._known:
            return
        self.live += size
        self.peak = max(self.peak, self.live)
        self._known[key] = weakref.ref(storage, lambda _: self._forget(key, size))

    def _forget(self, key: int, size: int) -> None:
        self.live -= size
        del self._known[key]


def _is_tensor(value: object) -> bool:
    return isinstance(value, torch.Tensor)
