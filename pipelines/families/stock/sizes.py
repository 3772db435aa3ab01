"""Pictures at another size, for pipelines that make only one: scaled until it is covered, and cut. Never stretched."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from pipelines.contract import RGB


def covering(pictures: RGB, width: int, height: int) -> RGB:
    """uint8 `[n, height, width, 3]`; the same pictures where they are of that size."""
    tall, wide = pictures.shape[1:3]
    if (wide, tall) == (width, height):
        return pictures
    scale = max(width / wide, height / tall)
    size = (max(height, round(tall * scale)), max(width, round(wide * scale)))
    tensor = torch.from_numpy(pictures.copy()).permute(0, 3, 1, 2).float()
    scaled = F.interpolate(tensor, size, mode="bicubic", antialias=True)
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    cut = scaled[:, :, top : top + height, left : left + width]
    frames: RGB = cut.clamp(0, 255).round().byte().permute(0, 2, 3, 1).numpy()
    return frames
