"""Which part of a still is its subject, as a small salient-object network sees it.

U2NetP (Qin et al., "U2-Net: Going Deeper with Nested U-Structure for Salient Object Detection", 2020, arXiv
2005.09007), 4.6 MB, Apache-2.0, run by OpenCV. Its origin and licence are beside the file.
"""

from __future__ import annotations

import functools
import threading

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.model_spec import BUILT_IN

WEIGHTS = BUILT_IN / "subject" / "u2netp.onnx"

SIDE = 320
"""Pixels: the square that the network was trained on."""

MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
"""Of ImageNet, as in the network's training."""


_ONE_AT_A_TIME = threading.Lock()
"""OpenCV's networks keep what is between two layers to themselves: two threads in one of them break each other's."""


def subject_mask(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How much each pixel of a still uint8 `[H, W, 3]` belongs to its subject, float32 `[H, W]` in [0, 1]."""
    small = cv2.resize(rgb, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    normal = (small / max(float(small.max()), 1.0) - MEAN) / DEVIATION
    with _ONE_AT_A_TIME:
        network = _network()
        network.setInput(np.ascontiguousarray(normal.transpose(2, 0, 1)[None], np.float32))
        mask = network.forward().reshape(SIDE, SIDE)
    full = cv2.resize(mask, (rgb.shape[1], rgb.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(full, 0, 1), np.float32)


@functools.cache
def _network() -> cv2.dnn.Net:
    return cv2.dnn.readNetFromONNX(str(WEIGHTS))
