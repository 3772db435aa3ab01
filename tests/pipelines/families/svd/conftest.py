"""A tiny checkpoint for all tests of this folder, and a fresh model from it for each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipelines.contract import RGB
from pipelines.families.svd.animator import SvdAnimator
from pipelines.families.svd.loading import load_svd
from pipelines.request import MotionRequest
from tests.tiny_svd import make_tiny_svd


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_svd(tmp_path_factory.mktemp("models") / "tiny-svd")


@pytest.fixture
def animator(tiny: Path) -> SvdAnimator:
    return load_svd(tiny, device="cpu", dtype="fp32")


@pytest.fixture
def still() -> RGB:
    return np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)


@pytest.fixture
def request_4() -> MotionRequest:
    """Four frames of 64x64 in two steps."""
    return MotionRequest(model="tiny", num_frames=4, num_inference_steps=2, width=64, height=64, seed=7)
