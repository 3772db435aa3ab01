"""A look at a clip while it is sampled, whatever its autoencoder: by a linear map that is found anew for each look.

The first frames of a clip show the still, which we have: the colours that its cells should have are known, and
least squares say how channels make red, green and blue. No weights are needed; before the model has found the still
again, the look is as vague as the model's own idea.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional as F

from pipelines.contract import RGB

RIDGE = 0.05
"""Share of the channels' mean energy that is added to it: a few cells do not tell apart over a hundred channels."""

LEAST_WIDTH = 160
"""Pixels of the longer side of a look, which is drawn larger until it has so many."""

NDIM = 5
"""Of a clip's latents: batch, channels and frames in either order, height, width."""


@dataclass(frozen=True)
class Cells:
    """The latent of a clip: how many channels, and cells from top to bottom and from left to right."""

    channels: int
    height: int
    width: int


def clean(scheduler: Any, given: dict[str, Any], output: Any, index: int | None) -> torch.Tensor | None:
    """What the model expects at the end, after a step of `scheduler` from its step number `index`.

    By the scheduler's own account where it gives one, by the sigma of the step for flows; else the latents as they are.
    """
    result = output if isinstance(output, tuple) else tuple(vars(output).values())
    if len(result) > 1 and isinstance(result[1], torch.Tensor) and result[1].shape == result[0].shape:
        return result[1]
    past = getattr(scheduler, "model_outputs", None)
    if past and past[-1] is not None:
        return past[-1]
    sample, flow = given.get("sample"), given.get("model_output")
    is_flow = type(scheduler).__name__.startswith("FlowMatchEuler") and given.get("per_token_timesteps") is None
    if not is_flow or sample is None or flow is None:
        return result[0]
    return sample - scheduler.sigmas[(index or 0)] * flow


def look(latents: torch.Tensor | None, still: RGB, cells: Cells) -> RGB | None:
    """`latents` in any layout that pipelines have as a small moving picture, uint8 `[F, h, w, 3]`; None for others."""
    framed = None if latents is None else _framed(latents, cells)
    if framed is None:
        return None
    colours = _colours(still, cells).to(framed)
    known = _with_one(framed[0])
    energy = RIDGE * known.square().mean() * len(known) * torch.eye(known.shape[1], device=framed.device)
    to_rgb = torch.linalg.solve(known.T @ known + energy, known.T @ colours)
    shown = (_with_one(framed) @ to_rgb).reshape(len(framed), cells.height, cells.width, 3)
    return _drawn(shown)


def _framed(latents: torch.Tensor, cells: Cells) -> torch.Tensor | None:
    """float32 `[F, cells, channels]`."""
    size, first = (cells.height, cells.width), latents[0].float()
    places = cells.height * cells.width
    if latents.ndim == NDIM and latents.shape[3:] == size and latents.shape[1] == cells.channels:
        return first.permute(1, 2, 3, 0).reshape(-1, places, cells.channels)
    if latents.ndim == NDIM and latents.shape[3:] == size and latents.shape[2] == cells.channels:
        return first.permute(0, 2, 3, 1).reshape(-1, places, cells.channels)
    if latents.ndim == NDIM and latents.shape[2:4] == size:
        return first[..., : cells.channels].reshape(len(first), places, -1)
    if latents.ndim == 3 and latents.shape[1] % places == 0 and latents.shape[2] == cells.channels:
        return first.reshape(-1, places, cells.channels)
    return None


def _colours(still: RGB, cells: Cells) -> torch.Tensor:
    """The still, a cell a pixel, from -1 to 1, `[cells, 3]`."""
    picture = torch.from_numpy(still.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
    return F.interpolate(picture, (cells.height, cells.width), mode="area")[0].permute(1, 2, 0).reshape(-1, 3)


def _with_one(channels: torch.Tensor) -> torch.Tensor:
    return torch.cat([channels, torch.ones_like(channels[..., :1])], -1)


def _drawn(shown: torch.Tensor) -> RGB:
    larger = math.ceil(LEAST_WIDTH / max(shown.shape[1:3]))
    picture = shown.nan_to_num().permute(0, 3, 1, 2)
    if larger > 1:
        picture = F.interpolate(picture, scale_factor=larger, mode="bicubic")
    frames: RGB = ((picture / 2 + 0.5).clamp(0, 1) * 255 + 0.5).byte().permute(0, 2, 3, 1).cpu().numpy()
    return frames
