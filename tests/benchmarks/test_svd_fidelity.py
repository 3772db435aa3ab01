"""What `benchmarks.svd_fidelity` measures and says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.perceptual import lpips_distance
from benchmarks.svd_fidelity import Fidelity, measure, table
from tests.tiny_svd import make_tiny_svd

STILL = Path(__file__).resolve().parents[2] / "assets" / "stills" / "lake.jpg"

CONTROLS: dict[str, object] = {"width": 64, "height": 64, "num_frames": 2, "num_inference_steps": 2}


@pytest.fixture(scope="module")
def distilled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_svd(tmp_path_factory.mktemp("models") / "tiny-lcm", num_frames=2)


def test_every_speed_is_held_against_the_exact_clip(distilled: Path) -> None:
    results = measure(str(distilled), STILL, CONTROLS, lambda exact, frames: abs(float(exact.mean() - frames.mean())))
    assert [result.speed for result in results] == ["fast", "faster", "turbo"]
    for result in results:
        assert result.psnr > 0
        assert result.ssim <= 1
        assert result.lpips is not None
    assert table(results).count("\n") == 4


def test_without_lpips_the_table_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lpips", None)
    told = lpips_distance()
    assert isinstance(told, str)
    assert told.startswith("LPIPS was not measured: import of lpips halted")
    assert "pip install lpips" in told
    assert "| not measured |" in table([Fidelity("fast", 30.0, 0.9, 0.4)])
