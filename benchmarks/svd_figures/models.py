"""Random weights that hide no mistakes."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


def enliven(network: Any, seed: int = 0) -> Any:
    """Random biases, norms and mixing: fresh networks have zeros, ones and halves there."""
    generator = torch.Generator().manual_seed(seed)
    for name, weight in network.named_parameters():
        if "mix_factor" in name:
            nn.init.normal_(weight, std=1.0, generator=generator)
        elif weight.ndim == 1:
            centre = 1.0 if "norm" in name and name.endswith("weight") else 0.0
            nn.init.normal_(weight, mean=centre, std=0.1, generator=generator)
    return network
