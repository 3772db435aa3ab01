"""The weights by which taps are answered."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from pipelines.errors import ModelError
from pipelines.eyes.tap.decoder import Decoder
from pipelines.eyes.tap.encoder import Encoder
from pipelines.eyes.tap.places import Places
from pipelines.models.spec import BUILT_IN

WEIGHTS = BUILT_IN / "tap" / "mobile_sam.safetensors"


class TapNetwork(nn.Module):
    """All three parts."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.places, self.decoder = Encoder(), Places(), Decoder()


def open_tap(path: Path = WEIGHTS) -> TapNetwork:
    """The network in float32 on the CPU. Raises `ModelError` where the file is not whole."""
    network = TapNetwork()
    try:
        network.load_state_dict(load_file(path))
    except (OSError, SafetensorError, RuntimeError) as error:
        cure = "Get that file again: git checkout -- assets/models/tap, or install Stillmotion anew."
        raise ModelError("The weights by which tapped things are found are damaged.", cure) from error
    return network.eval().requires_grad_(False)
