"""The codec loses nothing it should keep, and its whitening can be undone."""

from __future__ import annotations

import pytest
import torch

from pipelines.catalogue import POCKET_FOLDER
from pipelines.pocket.codec import LOWEST_FREQUENCY, RADIAL_BINS, MotionCodec, radial_position, scale_spectrum
from pipelines.pocket.grid import cell_centres
from pipelines.pocket.layers import LAYERS
from pipelines.pocket.weights import open_networks


@pytest.fixture(scope="module")
def codec() -> MotionCodec:
    return open_networks(POCKET_FOLDER).codec


def steady_layers(rows: int, columns: int, moments: int) -> torch.Tensor:
    """A camera that comes nearer while it turns right, at an even pace, `[1, L, S, 2, rows, columns]`."""
    field = cell_centres(rows, columns).permute(2, 0, 1) * -0.4 + torch.tensor([0.8, 0.0])[:, None, None]
    return field.expand(1, len(LAYERS), moments, -1, -1, -1)


@pytest.mark.parametrize("shape", [(9, 16), (16, 9), (12, 12), (10, 15)])
def test_smooth_motion_survives_the_round_trip(codec, shape):
    layers = steady_layers(*shape, len(codec.moments()))
    components = codec.decode(codec.encode(layers))
    back = torch.einsum("blkchw,sk->blschw", components, codec.profile(codec.moments()))
    assert (back - layers).abs().max() < 0.05 * layers.abs().max()


def test_whitening_is_undone_exactly(codec):
    latents = torch.randn(3, codec.channels, 9, 16, generator=torch.Generator().manual_seed(0))
    layers = torch.einsum("blkchw,sk->blschw", codec.decode(latents), codec.profile(codec.moments()))
    assert torch.allclose(codec.encode(layers), latents, atol=2e-3)


@pytest.mark.parametrize("shape", [(9, 16), (16, 9), (12, 12)])
def test_every_frequency_has_a_sane_deviation(codec, shape):
    deviation = codec.deviation(*shape)
    assert deviation.shape == (codec.channels, *shape)
    assert torch.isfinite(deviation).all()
    assert (deviation > 0).all()
    assert deviation[:2, 0, 0].min() > deviation[:2, -1, -1].max(), "motion is smooth: the mean varies most"


def test_profiles_run_through_the_moments(codec):
    between = (codec.moments()[:-1] + codec.moments()[1:]) / 2
    around = codec.profile(codec.moments())
    assert torch.allclose(codec.profile(codec.moments()), codec.basis.T)
    assert torch.allclose(codec.profile(between), (around[:-1] + around[1:]) / 2, atol=1e-5)


def test_the_first_instant_moves_as_the_first_moment_does(codec):
    assert torch.equal(codec.profile(torch.tensor([1e-4]))[0], codec.basis[:, 0])


def test_spectrum_scaling_by_one_changes_nothing_and_composes():
    maps = torch.randn(2, 3, 18, 32, generator=torch.Generator().manual_seed(0))
    factor = torch.rand(18, 32) + 0.5
    assert torch.allclose(scale_spectrum(maps, torch.ones(18, 32)), maps, atol=1e-5)
    assert torch.allclose(scale_spectrum(scale_spectrum(maps, factor), 1 / factor), maps, atol=1e-4)


def test_scaling_the_mean_alone_shifts_the_map():
    factor = torch.ones(18, 32)
    factor[0, 0] = 2
    assert torch.allclose(scale_spectrum(torch.full((18, 32), 0.5), factor), torch.full((18, 32), 1.0), atol=1e-5)


def test_frequencies_have_the_same_place_whichever_way_they_lie():
    wide, tall = radial_position(9, 16), radial_position(16, 9)
    assert torch.equal(wide, tall.T)
    assert wide[0, 0] == 0
    assert wide.flatten()[1:].min() >= 1
    assert wide.max() <= RADIAL_BINS
    assert LOWEST_FREQUENCY < 1 / 16
