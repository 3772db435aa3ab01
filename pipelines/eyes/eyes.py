"""`look_at`: from a still to what it holds."""

from __future__ import annotations

import functools
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pipelines.eyes.backbone import CELL, Backbone, features_of, sized
from pipelines.eyes.head import distance_share, extras_of
from pipelines.eyes.materials import MATERIALS
from pipelines.eyes.seen import Seen
from pipelines.eyes.weights import open_eyes
from pipelines.subject import subject_mask

SUBJECT_SIDE = 512
"""Pixels of the longer side of the subject's mask as it is kept: finer than the network that draws it."""


def look_at(rgb: NDArray[np.uint8]) -> Seen:
    """What is found in a still uint8 `[H, W, 3]` of any size. Raises `ModelError` where the weights are damaged."""
    backbone, heads = _opened()
    mask = subject_mask(rgb)
    shares, distance = judged(backbone, heads, sized(rgb), mask)
    scale = min(1.0, SUBJECT_SIDE / max(mask.shape))
    size = (max(1, round(mask.shape[1] * scale)), max(1, round(mask.shape[0] * scale)))
    return Seen(_bytes(shares), _bytes(distance), _bytes(cv2.resize(mask, size, interpolation=cv2.INTER_AREA)))


@torch.inference_mode()
def judged(
    backbone: Backbone, heads: nn.ModuleList, small: NDArray[np.uint8], mask: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Shares of the materials `[9, h, w]` and distance `[h, w]`, 0 near to 1 sky, of a `sized` still, by all heads."""
    grid = (small.shape[0] // CELL, small.shape[1] // CELL)
    features, extras = features_of(backbone, small), extras_of(small, mask, grid)
    logits = [head(features[None], extras[None]) for head in heads]
    shares = torch.stack([each[0, : len(MATERIALS)].softmax(0) for each in logits]).mean(0)
    distance = torch.stack([distance_share(each)[0] for each in logits]).mean(0)
    return np.asarray(shares.numpy(), np.float32), np.asarray(distance.numpy(), np.float32)


@functools.cache
def _opened() -> tuple[Backbone, nn.ModuleList]:
    return open_eyes()


def _bytes(shares: NDArray[Any]) -> NDArray[np.uint8]:
    return np.asarray(np.rint(np.clip(shares, 0, 1) * 255), np.uint8)
