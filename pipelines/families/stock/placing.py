"""A plan carried out on a loaded pipeline, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from pipelines.families.stock.plans import Plan, Weights
from pipelines.families.stock.tap import DENOISERS

STORED_IN = torch.float8_e4m3fn
"""How the denoiser's weights wait where they are kept in 8 bit."""

GROUP_HOOKS = ("group_offloading", "lazy_prefetch_group_offloading", "layer_execution_tracker")
"""What diffusers calls its hooks that bring weights layer by layer."""


def place(pipeline: Any, plan: Plan, device: torch.device) -> None:
    """Puts the weights where `plan` wants them, from wherever they are. 8 bit cannot be taken back."""
    _take_back(pipeline)
    if plan.tiles:
        pipeline.vae.enable_tiling()
    elif hasattr(pipeline.vae, "disable_tiling"):
        pipeline.vae.disable_tiling()
    if plan.eight_bit:
        _to_eight_bit(pipeline)
    if plan.placement == "whole":
        pipeline.to(device)
    elif plan.placement == "parts":
        pipeline.enable_model_cpu_offload(device=device)
    else:
        pipeline.to("cpu")
        pipeline.enable_group_offload(onload_device=device, offload_type="leaf_level", use_stream=device.type == "cuda")


def weights_of(pipeline: Any) -> Weights:
    """Bytes of the weights as they are now."""
    sizes = [sum(tensor.nbytes for tensor in part.parameters()) for part in _networks(pipeline)]
    return Weights(float(sum(sizes)), float(max(sizes, default=0)))


def _networks(pipeline: Any) -> Iterator[nn.Module]:
    return (part for part in pipeline.components.values() if isinstance(part, nn.Module))


def _take_back(pipeline: Any) -> None:
    pipeline.remove_all_hooks()
    for part in _networks(pipeline):
        for layer in part.modules():
            registry = getattr(layer, "_diffusers_hook", None)
            if registry is not None:
                for name in GROUP_HOOKS:
                    registry.remove_hook(name, recurse=False)


def _to_eight_bit(pipeline: Any) -> None:
    for name in DENOISERS:
        network = getattr(pipeline, name, None)
        if network is not None and not getattr(network, "is_in_eight_bit", False):
            network.enable_layerwise_casting(storage_dtype=STORED_IN, compute_dtype=network.dtype)
            network.is_in_eight_bit = True
