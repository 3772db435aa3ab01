"""What makes numbers unusable, and what makes a finished clip disappointing."""

from __future__ import annotations

import torch

from pipelines.errors import BadFrames


def check_finite(values: torch.Tensor, dtype: torch.dtype, where: str) -> None:
    """Raises `BadFrames` where any value is not finite; `dtype` is that of the network, for the remedy."""
    if torch.isfinite(values).all():
        return
    halves = dtype != torch.float32
    remedy = "Load it in fp32, which needs twice the memory." if halves else "Download its weights again."
    raise BadFrames(f"The model produced values that are not finite {where}.", remedy)
