"""Training the built-in model: it learns what happens from what is seen, and ships what was averaged."""

from __future__ import annotations

import pytest
import torch

from pipelines.eyes.backbone import FEATURES
from pipelines.eyes.head import EXTRAS
from pipelines.families.pocket.happening import CHANNELS
from pipelines.families.pocket.sampling import Conditions, draw_fields, noise_for
from pipelines.families.pocket.weights import open_denoiser
from training.train_pocket import Sample, new_network, train

GRID = (8, 12)


def sample(share: float) -> Sample:
    """A picture whose left part, up to a share of it, is seen as something that ripples."""
    edge = round(share * GRID[1])
    features, fields = torch.zeros(FEATURES, *GRID), torch.zeros(CHANNELS, *GRID)
    features[:640, :, :edge], features[640:, :, edge:], fields[4, :, :edge] = 1, 1, 1
    return Sample(features, torch.zeros(EXTRAS, *GRID), fields)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory):
    """A network that has seen a few such pictures, from the folder that training wrote."""
    torch.manual_seed(0)
    samples, folder = [sample(share) for share in (0.25, 0.5, 0.75)], tmp_path_factory.mktemp("pocket")
    train(new_network(samples), samples, 50, folder)
    return open_denoiser(folder)


def test_it_draws_where_it_sees_and_not_elsewhere(trained):
    seen = sample(0.34)
    conditions = Conditions(seen.features, seen.extras, 1.0)
    drawn = draw_fields(trained, conditions, noise_for(conditions, 1, 4), 8).mean(0)[4]
    edge = round(0.34 * GRID[1])
    assert drawn[:, : edge - 1].mean() > drawn[:, edge + 1 :].mean() + 0.4


def test_a_mirrored_sample_goes_the_other_way():
    one = sample(0.5)
    one.fields[0] = 1
    other = one.mirrored()
    assert torch.equal(other.fields[0], -torch.ones(GRID))
    assert torch.equal(other.fields[4], one.fields[4].flip(-1))
    assert torch.equal(other.features, one.features.flip(-1))
