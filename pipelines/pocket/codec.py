"""Layers of motion as the denoiser sees them: a few components in time, whitened in space.

A layer is the average velocity up to each moment of the clip, `rate[s] = d(tau_s) / tau_s`, with `tau` in (0, 1] the
moment as a share of the clip, in canonical units (see `grid`). In time it is projected on `K` components found by PCA
over training motions; in space each DCT-II coefficient is divided by its standard deviation over training motions,
so that an equal error of the denoiser in every coefficient becomes a smooth and small error of the motion.
After "Generative Image Dynamics" (Li et al., CVPR 2024, arXiv 2309.07906), which normalises its spectrum by frequency.
"""

from __future__ import annotations

import functools
import math

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import Tensor

from pipelines.pocket.layers import LAYERS

RADIAL_BINS = 16
"""Frequencies at which the spectrum is kept; between them it is interpolated."""

LOWEST_FREQUENCY = 1 / 32
"""Half cycles per place below which a coefficient counts as the mean: half of the lowest one of a 16-column latent."""


class MotionCodec(ModelMixin, ConfigMixin):
    """Between layers of rates `[B, L, S, 2, h, w]` and latents `[B, 2KL, h, w]` of unit variance over training."""

    basis: Tensor
    spectrum: Tensor

    @register_to_config
    def __init__(self, components: int = 4, moments: int = 13, layers: int = len(LAYERS)) -> None:
        super().__init__()
        self.register_buffer("basis", torch.eye(components, moments))
        self.register_buffer("spectrum", torch.ones(2 * components * layers, RADIAL_BINS + 1))

    @property
    def channels(self) -> int:
        """Channels of a latent."""
        return len(self.spectrum)

    def moments(self) -> Tensor:
        """The moments `tau` at which `encode` expects the rates, float32 `[S]`."""
        count = int(self.config["moments"])
        return torch.arange(1, count + 1) / count

    def components(self, layers: Tensor) -> Tensor:
        """Least-squares components of layers `[B, L, S, 2, h, w]` at `moments()`, `[B, 2KL, h, w]`, not whitened."""
        projected = torch.einsum("blschw,sk->blkchw", layers, torch.linalg.pinv(self.basis))
        return projected.flatten(1, 3)

    def encode(self, layers: Tensor) -> Tensor:
        """Latents `[B, 2KL, h, w]` of layers `[B, L, S, 2, h, w]` at `moments()`."""
        return scale_spectrum(self.components(layers), 1 / self.deviation(*layers.shape[-2:]))

    def decode(self, latents: Tensor) -> Tensor:
        """Components `[B, L, K, 2, h, w]` of latents; `profile` turns them into rates."""
        components = scale_spectrum(latents, self.deviation(*latents.shape[-2:]))
        return components.unflatten(1, (int(self.config["layers"]), -1, 2))

    def profile(self, tau: Tensor) -> Tensor:
        """How much of each component acts at moments `tau` in (0, 1], `[len(tau), K]`."""
        position = tau * self.basis.shape[1] - 1
        return _interpolate(self.basis, position.clamp(min=0)).T

    def deviation(self, rows: int, columns: int) -> Tensor:
        """Standard deviation of each DCT coefficient, `[2KL, rows, columns]`."""
        return _interpolate(self.spectrum, radial_position(rows, columns).flatten()).unflatten(1, (rows, columns))


def _interpolate(table: Tensor, position: Tensor) -> Tensor:
    """Rows of `table [C, N]` read at fractional columns `position [P]`, `[C, P]`."""
    position = position.to(table).clamp(0, table.shape[1] - 1)
    low = position.floor().long().clamp(max=table.shape[1] - 2)
    share = position - low
    return table[:, low] * (1 - share) + table[:, low + 1] * share


def radial_position(rows: int, columns: int) -> Tensor:
    """Where each DCT coefficient stands in the spectrum table: 0 the mean, 1 to `RADIAL_BINS` on a log scale."""
    fy, fx = torch.arange(rows)[:, None] / rows, torch.arange(columns)[None] / columns
    frequency = (fy**2 + fx**2).sqrt()
    octaves = torch.log2(frequency.clamp(min=1e-9) / LOWEST_FREQUENCY) / math.log2(math.sqrt(2) / LOWEST_FREQUENCY)
    position = 1 + octaves * (RADIAL_BINS - 1)
    return torch.where(frequency < LOWEST_FREQUENCY, torch.zeros(()), position.clamp(min=1))


def scale_spectrum(maps: Tensor, factor: Tensor) -> Tensor:
    """Maps `[..., h, w]` with their orthonormal DCT-II coefficients multiplied by `factor [..., h, w]`."""
    rows, columns = _dct_matrix(maps.shape[-2]).to(maps), _dct_matrix(maps.shape[-1]).to(maps)
    coefficients = rows @ maps @ columns.T
    return rows.T @ (coefficients * factor) @ columns


def spectrum_of(components: Tensor) -> Tensor:
    """Squared DCT coefficients of components `[B, C, h, w]`, summed over the batch, `[C, h, w]`."""
    rows, columns = _dct_matrix(components.shape[-2]), _dct_matrix(components.shape[-1])
    return (rows @ components @ columns.T).square().sum(0)


@functools.cache
def _dct_matrix(size: int) -> Tensor:
    frequency, place = torch.arange(size)[:, None], torch.arange(size)[None] + 0.5
    matrix = torch.cos(math.pi * place * frequency / size) * math.sqrt(2 / size)
    matrix[0] /= math.sqrt(2)
    return matrix
