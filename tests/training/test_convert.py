"""Weights that come from other people's packages are made from known files, and from no other."""

from __future__ import annotations

import pytest
from safetensors.torch import load_file

from pipelines.enhance.helpers import HELPERS
from pipelines.enhance.interpolation import FlowNetwork
from pipelines.enhance.upscaling import PaintingNetwork
from training.convert_helpers import realesr_weights, rife_weights
from training.convert_tap import tap_weights


@pytest.mark.parametrize("convert", [rife_weights, realesr_weights, tap_weights])
def test_another_file_is_refused_before_it_is_opened(convert, tmp_path):
    (tmp_path / "weights").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(ValueError, match="is another file"):
        convert(tmp_path / "weights")


def test_the_shipped_files_are_small_and_whole():
    for helper, network in zip(HELPERS, (FlowNetwork(), PaintingNetwork()), strict=True):
        weights = load_file(helper.weights)
        assert weights.keys() == network.state_dict().keys()
        assert {str(value.dtype) for value in weights.values()} == {"torch.float16"}
        assert all(bool(value.isfinite().all()) for value in weights.values())
        assert "LICENSE" in {path.name for path in helper.weights.parent.iterdir()}
