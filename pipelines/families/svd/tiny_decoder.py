"""Previews drawn by TAESD (madebyollin/taesd), where a person has added it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import torch
from accelerate import init_empty_weights
from safetensors import SafetensorError, safe_open
from torch.nn import functional as F

from pipelines.contract import RGB
from pipelines.errors import ModelError
from pipelines.families.svd.preview import to_bytes
from pipelines.families.svd.single_file import read_header
from pipelines.families.svd.taesd import taesd_names
from pipelines.shortage import is_out_of_memory

log = logging.getLogger(__name__)

MOST_PIXELS = 320 * 180
"""Pixels of a preview's frame at most. Writing 25 frames of 256x144 takes a CPU 0.04 s, of 1024x576 half a second."""


class TinyDecoder:
    """TAESD's decoder on a device, in a number format of its own."""

    def __init__(self, decoder: Any, device: torch.device, dtype: torch.dtype) -> None:
        self.decoder = decoder.to(device=device, dtype=dtype)
        self.device, self.dtype = device, dtype

    @torch.no_grad()
    def draw(self, latents: torch.Tensor) -> RGB | None:
        """Scaled latents `[1, F, 4, h, w]` as a small moving picture, uint8 `[F, 8h/n, 8w/n, 3]` with n a power of two.

        None where memory is short: a clip is worth more than its preview.
        """
        try:
            # One frame at a time: a quarter of a GB at 1024x576, next to a run that was planned without it.
            return to_bytes(torch.cat([self._frame(frame) for frame in latents[0].split(1)]))
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            log.warning("No memory for a preview: %s", error)
            return None

    def _frame(self, latent: torch.Tensor) -> torch.Tensor:
        """`[1, h', w', 3]`, float32 from -1 to 1, each pixel the mean of those that it stands for."""
        picture = self.decoder(latent.to(self.device, self.dtype)).float()
        while picture.shape[2] * picture.shape[3] > MOST_PIXELS:
            picture = F.avg_pool2d(picture, 2)
        return picture.permute(0, 2, 3, 1)


def open_tiny(file: Path, device: torch.device, dtype: torch.dtype) -> TinyDecoder | None:
    """TAESD from its file, in any layout of `taesd_names`; None, with a line in the log, where it is damaged."""
    decoder = _decoder()
    try:
        # Without names, the decoder says what it lacks.
        names = taesd_names(read_header(file)) or {}
        with safe_open(file, framework="pt") as weights:
            decoder.load_state_dict({ours: weights.get_tensor(name) for ours, name in names.items()}, assign=True)
    except (ModelError, OSError, SafetensorError, RuntimeError) as error:
        log.warning("Previews do without %s: %s", file, error)
        return None
    return TinyDecoder(decoder, device, dtype)


def _decoder() -> Any:
    """The decoder without numbers."""
    from diffusers import AutoencoderTiny

    with init_empty_weights():
        return AutoencoderTiny().decoder.requires_grad_(False).eval()
