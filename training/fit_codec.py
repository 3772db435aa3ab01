"""Measures the codec of motion fields on scenes: PCA in time, a radial spectrum in space."""

from __future__ import annotations

import torch
from torch import Tensor

from pipelines.pocket.codec import RADIAL_BINS, MotionCodec, radial_position, spectrum_of
from pipelines.pocket.grid import latent_shape
from training.scenes import MOMENTS, SceneMaker

COMPONENTS = 4
"""Four components hold 99 % of the energy of camera and object motion."""

SHAPES = ((18, 32), (32, 18), (24, 24))
"""Fields of landscape, portrait and square stills."""

PCA_SCENES, SPECTRUM_SCENES = 150, 250
"""Scenes per shape: more changes the third digit."""

LEAST_DEVIATION = 0.03
"""Of a coefficient, where a cell has an RMS of 1: finer detail stays below unit variance, training minds the rest."""


def fit_codec(maker: SceneMaker) -> MotionCodec:
    """A codec whose latents have unit variance over the maker's scenes."""
    codec = MotionCodec(COMPONENTS, MOMENTS)
    codec.basis.copy_(_temporal_basis(maker))
    codec.spectrum.copy_(_radial_spectrum(maker, codec))
    return codec


def _temporal_basis(maker: SceneMaker) -> Tensor:
    """Principal rate profiles `[K, S]`, each scaled to its standard deviation over cells."""
    cells = [maker.draw(*shape).rates.flatten(2).permute(1, 2, 0) for shape in SHAPES for _ in range(PCA_SCENES)]
    samples = torch.cat([c.reshape(-1, MOMENTS)[::23] for c in cells])
    _, spread, profiles = torch.linalg.svd(samples, full_matrices=False)
    deviation = spread[:COMPONENTS] / len(samples) ** 0.5
    basis: Tensor = profiles[:COMPONENTS] * deviation[:, None]
    return basis


def _radial_spectrum(maker: SceneMaker, codec: MotionCodec) -> Tensor:
    """Standard deviation of DCT coefficients by radial frequency, `[2KL, RADIAL_BINS + 1]`."""
    energy = torch.zeros(codec.channels, RADIAL_BINS + 1)
    count = torch.zeros(RADIAL_BINS + 1)
    for shape in SHAPES:
        layers = torch.stack([maker.draw(*shape).layers for _ in range(SPECTRUM_SCENES)])
        squares = spectrum_of(codec.components(layers)).flatten(1)
        place = radial_position(*latent_shape(*shape)).round().long().flatten()
        energy.index_add_(1, place, squares)
        count.index_add_(0, place, torch.full(place.shape, float(SPECTRUM_SCENES)))
    return _fill_gaps((energy / count).sqrt(), count > 0).clamp(min=LEAST_DEVIATION)


def _fill_gaps(spectrum: Tensor, known: Tensor) -> Tensor:
    """Bins that no coefficient fell into take the value of the nearest known bin."""
    bins = torch.arange(len(known))
    nearest = [int(bins[known][(bins[known] - i).abs().argmin()]) for i in range(len(known))]
    return spectrum[:, nearest]
