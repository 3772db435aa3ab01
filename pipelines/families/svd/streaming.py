"""Weights that wait in main memory and come to the device layer by layer, each for as long as it computes."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


class Streamed:
    """A network whose weights wait in main memory, until it is `ended`.

    Copies and kernels follow one another on the device, so that nothing in here waits for it. The network may be
    converted meanwhile; its own `forward` need not be what runs, as long as its layers are called.
    """

    def __init__(self, network: nn.Module, device: torch.device) -> None:
        network.to("cpu")
        layers = [layer for layer in network.modules() if next(layer.parameters(recurse=False), None) is not None]
        self._visits = [_Visits(layer, device) for layer in layers]

    def end(self) -> None:
        """The weights stay where they are from now on: in main memory, to be moved as a whole."""
        for visits in self._visits:
            visits.end()


class _Visits:
    """The weights of one layer on their way to the device and back."""

    def __init__(self, layer: nn.Module, device: torch.device) -> None:
        self.device = device
        self.waiting: list[torch.Tensor] = []
        if device.type == "cuda":
            _pin(layer)
        self.hooks = [
            layer.register_forward_pre_hook(self._come),
            layer.register_forward_hook(self._go, always_call=True),
        ]

    def end(self) -> None:
        """No more visits."""
        for hook in self.hooks:
            hook.remove()

    def _come(self, layer: nn.Module, _: Any) -> None:
        for weight in layer.parameters(recurse=False):
            self.waiting.append(weight.data)
            weight.data = weight.data.to(self.device, non_blocking=True)

    def _go(self, layer: nn.Module, *_: Any) -> None:
        # Fewer wait than there are where memory ran out on the way.
        for weight, waiting in zip(layer.parameters(recurse=False), self.waiting, strict=False):
            weight.data = waiting
        self.waiting.clear()


def _pin(layer: nn.Module) -> None:
    """From pinned memory a copy is several times faster, and the host goes on meanwhile."""
    for weight in layer.parameters(recurse=False):
        weight.data = weight.data.pin_memory()
