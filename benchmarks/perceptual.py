"""LPIPS, a distance between pictures as people see it (Zhang et al. 2018, arXiv 1801.03924), where it is installed.

It is no requirement: the package `lpips` needs torchvision, and fetches AlexNet's weights the first time.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from typing import Any

import torch

from pipelines.contract import RGB

HOW = "`pip install lpips==0.1.4 torchvision` adds it; AlexNet's weights are fetched once."

Distance = Callable[[RGB, RGB], float]
"""Of two clips uint8 `[F, H, W, 3]`: the mean over their frames, 0 where they are equal."""


def lpips_distance(**options: Any) -> Distance | str:
    """LPIPS with AlexNet, version 0.1; or, where it cannot be had, why not and how to get it, in a sentence.

    `options` go to `lpips.LPIPS`.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # it calls torchvision by old names
            network = importlib.import_module("lpips").LPIPS(net="alex", verbose=False, **options)
    except (ImportError, OSError, RuntimeError) as error:
        return f"LPIPS was not measured: {str(error).strip().splitlines()[0]}. {HOW}"

    @torch.no_grad()
    def distance(a: RGB, b: RGB) -> float:
        pairs = zip(_pictures(a), _pictures(b), strict=True)
        return float(torch.stack([network(one, other).mean() for one, other in pairs]).mean())

    return distance


def _pictures(frames: RGB) -> tuple[torch.Tensor, ...]:
    """Frames `[1, 3, H, W]`, float32 from -1 to 1, as LPIPS takes them."""
    return (torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 127.5 - 1).split(1)
