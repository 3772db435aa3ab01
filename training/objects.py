"""How a thing in the scene moves on its own: drift, turn, grow, sway."""

from __future__ import annotations

import math
import random

import torch
from torch import Tensor

from training.camera import draw_progress


def undo_motion(places: Tensor, mask: Tensor, half_width: float, clock: tuple[Tensor, float]) -> Tensor:
    """Where `places [S, N, 2]` of a thing that moves on its own were in the still; `mask [h, w]` is the thing.

    `clock` is the moments `tau [S]` and the seconds of the clip.
    """
    tau, seconds = clock
    centre, base = _centre_and_base(mask, half_width)
    kind = random.choice(["drift", "turn", "sway"])
    progress = draw_progress(tau)
    shift, angle, growth = torch.zeros(len(tau), 2), torch.zeros(len(tau)), torch.ones(len(tau))
    if kind == "drift":
        shift = progress[:, None] * torch.tensor([random.gauss(0, 0.15), random.gauss(0, 0.06)])
        growth = torch.exp(progress * random.gauss(0, 0.08))
    elif kind == "turn":
        angle, growth = progress * random.gauss(0, 0.08), torch.exp(progress * random.gauss(0, 0.06))
    else:
        angle = random.gauss(0, 0.06) * torch.sin(2 * math.pi * random.uniform(0.3, 1.2) * tau * seconds)
    pivot = base if kind == "sway" else centre
    moved = places - pivot - shift[:, None]
    cos, sin = torch.cos(angle)[:, None], torch.sin(angle)[:, None]
    turned = torch.stack([moved[..., 0] * cos + moved[..., 1] * sin, moved[..., 1] * cos - moved[..., 0] * sin], -1)
    return turned / growth[:, None, None] + pivot


def _centre_and_base(mask: Tensor, half_width: float) -> tuple[Tensor, Tensor]:
    """The canonical centre of a thing and the middle of its foot."""
    rows, columns = torch.nonzero(mask > 0.5, as_tuple=True)
    if len(rows) == 0:
        return torch.zeros(2), torch.zeros(2)
    x = (columns.float().mean() / mask.shape[1] * 2 - 1) * half_width
    y = (rows.float().mean() / mask.shape[0] * 2 - 1) / half_width
    foot = (rows.max().float() / mask.shape[0] * 2 - 1) / half_width
    return torch.stack([x, y]), torch.stack([x, foot])
