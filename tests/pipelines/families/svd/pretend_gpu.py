"""A GPU that is only pretended: its tensors say `cuda:0`, are computed on the CPU, and mix with no others.

What a CPU forgives and a GPU does not is found this way, with real numbers: operations on tensors of two devices raise,
as CUDA's do; every number that the host waits for and every copy between the two is written down. Code that asks a
tensor for its device takes its CUDA branches, so that feature maps lie as they would there.

Not pretended: kernels, and what they can and cannot do; that work is still under way when the host goes on; how much
memory there is; how fast or how exact a GPU is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from unittest import mock

import torch
from torch import nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

aten = torch.ops.aten

GPU = torch.device("cuda", 0)

COPIES = {aten._to_copy.default, aten.copy_.default}
"""Operations whose tensors may be of two devices."""

READS = {aten._local_scalar_dense.default, aten.equal.default, aten.nonzero.default, aten.is_nonzero.default}
"""Operations that give the host something to wait for."""

NUMBERS = {
    *(torch.Tensor.item, torch.Tensor.tolist, torch.Tensor.__bool__),
    *(torch.Tensor.__float__, torch.Tensor.__int__, torch.Tensor.__index__),
}
"""Ways in Python to the same."""


@dataclass
class Diary:
    """What was done on the GPU since the last page: numbers read, shapes copied, the largest tensor of each format."""

    reads: int = 0
    to_host: list[tuple[int, ...]] = field(default_factory=list)
    from_host: list[tuple[int, ...]] = field(default_factory=list)
    largest: dict[torch.dtype, int] = field(default_factory=dict)

    def turn(self) -> Diary:
        """The page so far; the next one is empty."""
        page = Diary(**vars(self))
        vars(self).update(vars(Diary()))
        return page


class OnGpu(torch.Tensor):
    """A tensor that says it is on the GPU; `held` is the one on the CPU that it is computed with."""

    held: torch.Tensor

    @staticmethod
    def __new__(cls, held: torch.Tensor) -> OnGpu:
        place = {"strides": held.stride(), "storage_offset": held.storage_offset()}
        made = torch.Tensor._make_wrapper_subclass(cls, held.size(), dtype=held.dtype, device=GPU, **place)
        made.held = held
        return made

    __torch_function__ = torch._C._disabled_torch_function_impl

    def __repr__(self) -> str:
        return f"OnGpu({list(self.shape)}, {self.dtype})"

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise RuntimeError(f"{func}: a tensor of the pretended GPU has outlived it.")


class _Operations(TorchDispatchMode):
    """Every operation on tensors: looked at, written down, and done on the CPU."""

    def __init__(self, diary: Diary) -> None:
        super().__init__()
        self.diary = diary

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None) -> Any:
        given, options = tree_leaves((args, kwargs)), dict(kwargs or {})
        here = {id(leaf.held): leaf for leaf in given if isinstance(leaf, OnGpu)}
        is_gpu = _is_for_gpu(func, args, options)
        if func in COPIES:
            self._note_copy(args[-1], is_gpu)
        elif here:
            _check_one_device(func, given)
            self.diary.reads += func in READS
        if is_gpu and options.get("device") is not None:
            options["device"] = torch.device("cpu")
        args, options = tree_map_only(OnGpu, lambda tensor: tensor.held, (args, options))
        out = func(*args, **options)
        return tree_map_only(torch.Tensor, lambda made: self._placed(made, here), out) if is_gpu else out

    def _note_copy(self, source: torch.Tensor, to_gpu: bool) -> None:
        if isinstance(source, OnGpu) != to_gpu:
            (self.diary.from_host if to_gpu else self.diary.to_host).append(tuple(source.shape))

    def _placed(self, made: torch.Tensor, here: dict[int, OnGpu]) -> OnGpu:
        """What an operation made, on the GPU; what it changed in place is the tensor that it was."""
        largest = self.diary.largest
        largest[made.dtype] = max(made.numel(), largest.get(made.dtype, 0))
        return here[id(made)] if id(made) in here else OnGpu(made)


def _is_for_gpu(func: Any, args: tuple[Any, ...], options: dict[str, Any]) -> bool:
    """Whether an operation's result is on the GPU."""
    if options.get("device") is not None:
        return torch.device(options["device"]).type == "cuda"
    places = args[:1] if func is aten.copy_.default else tree_leaves((args, options))
    return any(isinstance(place, OnGpu) for place in places)


def _check_one_device(func: Any, given: list[Any]) -> None:
    """As CUDA does it: a single number of the CPU may join in, and nothing else."""
    tensors = [leaf for leaf in given if isinstance(leaf, torch.Tensor)]
    if not all(isinstance(tensor, OnGpu) or tensor.dim() == 0 for tensor in tensors):
        shapes = [f"{tensor.device} {list(tensor.shape)}" for tensor in tensors]
        raise RuntimeError(f"Expected all tensors to be on the same device: {func} got {shapes}.")


class _Functions(TorchFunctionMode):
    """What torch would turn to the driver for before any operation is asked for."""

    def __init__(self, diary: Diary) -> None:
        super().__init__()
        self.diary = diary
        self.ways: dict[Any, Callable[..., Any]] = {
            torch.tensor: lambda *args, device=None, **kwargs: torch.tensor(*args, **kwargs).to(device or "cpu"),
            torch.Tensor.data.__set__: _put,
        }
        self.ways_on_gpu: dict[Any, Callable[..., Any]] = {
            torch.Tensor.__getitem__: self._piece,
            torch.Tensor.contiguous: aten.contiguous,
            torch.Tensor.copy_: aten.copy_,
            torch.Tensor.nonzero: aten.nonzero,
            torch.Tensor.cpu: lambda tensor: tensor.to("cpu"),
            F.scaled_dot_product_attention: self._attention,
            **{number: partial(self._number, number) for number in NUMBERS},
        }

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        way = self.ways.get(func, func)
        if args and isinstance(args[0], OnGpu):
            way = self.ways_on_gpu.get(func, way)
        return way(*args, **(kwargs or {}))

    def _number(self, func: Callable[..., Any], tensor: OnGpu, *args: Any) -> Any:
        self.diary.reads += 1
        return func(tensor.held, *args)

    def _piece(self, tensor: OnGpu, index: Any) -> torch.Tensor:
        """A part of a tensor, by its place in memory; how many a mask lets through has to be waited for."""
        if isinstance(index, torch.Tensor):
            self.diary.reads += index.dtype == torch.bool
            return aten.index(tensor, [index])
        part = torch.empty_strided(tensor.shape, tensor.stride(), device="meta")[index]
        offset = tensor.storage_offset() + part.storage_offset()
        return torch.as_strided(tensor, part.shape, part.stride(), offset)

    def _attention(self, *tensors: torch.Tensor, **options: Any) -> torch.Tensor:
        """One kernel, as on a GPU; torch would write the matrix of scores out for want of one."""
        _check_one_device("attention", [*tensors, *options.values()])
        held = [tensor.held for tensor in tensors if isinstance(tensor, OnGpu)]
        return OnGpu(F.scaled_dot_product_attention(*held, **options))


def _put(tensor: torch.Tensor, value: torch.Tensor) -> None:
    """`tensor.data = value`, where either may be on the GPU."""
    kept = nn.Parameter(value, requires_grad=False) if isinstance(tensor, nn.Parameter) else value
    torch.utils.swap_tensors(tensor, kept)


@contextmanager
def pretended_gpu(free_bytes: int = 140 * 10**9) -> Iterator[Diary]:
    """While it lasts there is a GPU with so much free memory, and what is done on it is in the diary.

    What only the driver could answer is answered here; all else is torch itself.
    """
    answers: dict[str, Callable[..., Any]] = {
        "torch.cuda._lazy_init": lambda: None,
        "torch.cuda.is_available": lambda: True,
        "torch.cuda.mem_get_info": lambda _=None: (free_bytes, free_bytes),
        "torch.cuda.memory_reserved": lambda _=None: 0,
        "torch.cuda.synchronize": lambda _=None: None,
        "torch.cuda.empty_cache": lambda: None,
        "torch.Tensor.pin_memory": lambda tensor: tensor,
    }
    diary = Diary()
    with ExitStack() as stack:
        for name, answer in answers.items():
            stack.enter_context(mock.patch(name, answer))
        for mode in (_Functions(diary), _Operations(diary)):
            stack.enter_context(mode)
        yield diary
