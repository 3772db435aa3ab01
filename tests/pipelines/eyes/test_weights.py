"""The eyes' weights: small on disk, nearly the same from it, and one sentence where they are damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.errors import ModelError
from pipelines.eyes.backbone import CELL, FEATURES, Backbone, features_of, sized
from pipelines.eyes.head import Head, extras_of
from pipelines.eyes.weights import open_eyes, save_eyes


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights that nobody trained."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("eyes") / "eyes.safetensors"
    save_eyes(Backbone(), [Head(), Head()], path)
    return path


def test_they_are_small_enough_to_ship_and_see_the_same(file: Path) -> None:
    assert file.stat().st_size < 30_000_000
    torch.manual_seed(0)
    whole = Backbone().eval()
    backbone, heads = open_eyes(file)
    assert len(heads) == 2
    small = sized(np.random.default_rng(0).integers(0, 256, (90, 160, 3), np.uint8), 64)
    ours, theirs = features_of(backbone, small), features_of(whole, small)
    assert ours.shape == (FEATURES, small.shape[0] // CELL, small.shape[1] // CELL)
    assert float((ours - theirs).norm() / theirs.norm()) < 0.02
    mask = np.zeros((9, 16), np.float32)
    assert heads[0](ours[None], extras_of(small, mask, ours.shape[1:])[None]).shape == (1, 11, *ours.shape[1:])


@pytest.mark.parametrize("kept", [0, 100, 0.5])
def test_a_damaged_file_is_one_sentence(file: Path, tmp_path: Path, kept: float) -> None:
    content = file.read_bytes()
    damaged = tmp_path / "eyes.safetensors"
    damaged.write_bytes(content[: round(kept * len(content)) if isinstance(kept, float) else kept])
    with pytest.raises(ModelError, match=r"are damaged\. Get that file again"):
        open_eyes(damaged)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="are damaged"):
        open_eyes(tmp_path / "nothing.safetensors")


@pytest.mark.parametrize("shape", [(64, 4096), (4096, 64), (17, 17), (3000, 2000)])
def test_a_still_of_any_shape_is_looked_at(shape: tuple[int, int]) -> None:
    small = sized(np.zeros((*shape, 3), np.uint8))
    assert small.shape[0] % 16 == small.shape[1] % 16 == 0
    assert max(small.shape[:2]) == 384 and min(small.shape[:2]) >= 32
