"""`look_at`: from a still to what it holds."""

from __future__ import annotations

import functools
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from pipelines.eyes.backbone import CELL, Backbone, features_of, sized
from pipelines.eyes.head import distance_share, extras_of, interest_logits
from pipelines.eyes.materials import MATERIALS
from pipelines.eyes.seen import Seen
from pipelines.eyes.weights import open_eyes
from pipelines.subject import subject_mask

SUBJECT_SIDE = 512
"""Pixels of the longer side of the subject's mask as it is kept: finer than the network that draws it."""


@torch.inference_mode()
def look_at(rgb: NDArray[np.uint8]) -> Seen:
    """What is found in a still uint8 `[H, W, 3]` of any size. Raises `ModelError` where the weights are damaged."""
    backbone, heads = _opened()
    mask, small = subject_mask(rgb), sized(rgb)
    grid = (small.shape[0] // CELL, small.shape[1] // CELL)
    features, extras = features_of(backbone, small), extras_of(small, mask, grid)
    shares, distance, interest = judged(heads, features, extras)
    scale = min(1.0, SUBJECT_SIDE / max(mask.shape))
    size = (max(1, round(mask.shape[1] * scale)), max(1, round(mask.shape[0] * scale)))
    subject = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
    pooled = (F.avg_pool2d(each, 2).half().numpy() for each in (features, extras))
    return Seen(_bytes(shares), _bytes(distance), _bytes(subject), interest, *pooled)


Floats = NDArray[np.float32]


@torch.inference_mode()
def judged(heads: nn.ModuleList, features: Tensor, extras: Tensor) -> tuple[Floats, Floats, Floats]:
    """Shares of the materials `[9, h, w]`, distance `[h, w]`, 0 near to 1 sky, and the point of interest `[2]`, in the
    mean of all heads, from features `[C, h, w]` and extras `[E, h, w]`."""
    logits = [head(features[None], extras[None]) for head in heads]
    shares = torch.stack([each[0, : len(MATERIALS)].softmax(0) for each in logits]).mean(0)
    distance = torch.stack([distance_share(each)[0] for each in logits]).mean(0)
    interest = torch.stack([interest_logits(each)[0].flatten().softmax(0).view_as(distance) for each in logits]).mean(0)
    return tuple(np.asarray(each, np.float32) for each in (shares, distance, _middle(interest.numpy())))  # type: ignore[return-value]


def _middle(likely: Floats) -> Floats:
    """The mean place (x, y), in shares, of weights `[h, w]` that sum to 1."""
    y, x = ((np.arange(count) + 0.5) / count for count in likely.shape)
    return np.array([(likely.sum(0) * x).sum(), (likely.sum(1) * y).sum()], np.float32)


@functools.cache
def _opened() -> tuple[Backbone, nn.ModuleList]:
    return open_eyes()


def _bytes(shares: NDArray[Any]) -> NDArray[np.uint8]:
    return np.asarray(np.rint(np.clip(shares, 0, 1) * 255), np.uint8)
