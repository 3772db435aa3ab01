"""What the helpers' networks share: where they run, how they are opened, and frames as tensors and back."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from pipelines.contract import RGB

Network = TypeVar("Network", bound=nn.Module)


def best_device() -> torch.device:
    """The GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def opened(network: Network, weights: Path, on_cpu: torch.dtype = torch.float32) -> Network:
    """`network` with the weights of a safetensors file in it, on `best_device`: a GPU takes float16, a CPU `on_cpu`.

    Raises `OSError`.
    """
    network.load_state_dict(load_file(weights))
    device = best_device()
    dtype = torch.float16 if device.type == "cuda" else on_cpu
    return network.eval().requires_grad_(False).to(device, dtype)


def brisk_type() -> torch.dtype:
    """bfloat16 where the CPU multiplies it by itself, which is up to thrice as quick as float32; else float32."""
    able = torch.cpu.get_capabilities()
    return torch.bfloat16 if able.get("avx512_bf16") or able.get("amx_bf16") else torch.float32


def convolution(inside: int, outside: int, stride: int = 1) -> nn.Sequential:
    """A 3 x 3 convolution and its PReLU with a slope for each channel."""
    return nn.Sequential(nn.Conv2d(inside, outside, 3, stride, 1), nn.PReLU(outside))


def to_tensor(frame: RGB) -> Tensor:
    """A frame uint8 `[H, W, 3]` as float32 `[1, 3, H, W]` in [0, 1] on `best_device`."""
    return torch.from_numpy(np.ascontiguousarray(frame)).to(best_device()).permute(2, 0, 1)[None].float() / 255


def to_frame(picture: Tensor) -> RGB:
    """A picture float `[1, 3, H, W]` in [0, 1], and what lies a little beyond, as uint8 `[H, W, 3]`."""
    levels = (picture[0].permute(1, 2, 0).float() * 255).round_().clamp_(0, 255)
    return np.asarray(levels.to(torch.uint8).cpu().numpy(), np.uint8)
