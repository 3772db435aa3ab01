"""Which part of a still is its subject, as a small salient-object network sees it.

U2NetP (Qin et al., "U2-Net: Going Deeper with Nested U-Structure for Salient Object Detection", 2020, arXiv
2005.09007), 4.6 MB, Apache-2.0, run by OpenCV. Its origin and licence are beside the file.
"""

from __future__ import annotations

import threading

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.models.spec import BUILT_IN

WEIGHTS = BUILT_IN / "subject" / "u2netp.onnx"

SIDE = 320
"""Pixels: the square that the network was trained on."""

MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
"""Of ImageNet, as in the network's training."""


KEPT_S = 60.0
"""Seconds for which the network stays in memory after a still: OpenCV keeps what is between all its layers, 260 MB, and
reading it anew takes a tenth of a second."""


def subject_mask(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How much each pixel of a still uint8 `[H, W, 3]` belongs to its subject, float32 `[H, W]` in [0, 1]."""
    small = cv2.resize(rgb, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    normal = (small / max(float(small.max()), 1.0) - MEAN) / DEVIATION
    mask = _KEPT.forward(np.ascontiguousarray(normal.transpose(2, 0, 1)[None], np.float32)).reshape(SIDE, SIDE)
    full = cv2.resize(mask, (rgb.shape[1], rgb.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(full, 0, 1), np.float32)


class KeptNetwork:
    """The network, in memory from its first use until it has not been used for `kept_s`; any thread may ask it."""

    def __init__(self, kept_s: float) -> None:
        self._kept_s = kept_s
        # OpenCV's networks keep what is between two layers to themselves: two threads in one break each other's
        self._one_at_a_time = threading.Lock()
        self._network: cv2.dnn.Net | None = None
        self._leaving = threading.Timer(0, self._let_go)

    @property
    def is_loaded(self) -> bool:
        """Whether it is in memory now."""
        return self._network is not None

    def forward(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the network makes of float32 `[1, 3, SIDE, SIDE]`."""
        with self._one_at_a_time:
            self._leaving.cancel()
            if self._network is None:
                self._network = cv2.dnn.readNetFromONNX(str(WEIGHTS))
            self._network.setInput(batch)
            # a copy: what OpenCV returns may lie in the network's own memory
            seen = np.array(self._network.forward(), np.float32)
            self._leave_later()
            return seen

    def _leave_later(self) -> None:
        self._leaving = threading.Timer(self._kept_s, self._let_go)
        self._leaving.daemon = True
        self._leaving.start()

    def _let_go(self) -> None:
        with self._one_at_a_time:
            # one that was cancelled too late has a successor that waits
            if threading.current_thread() is self._leaving:
                self._network = None


_KEPT = KeptNetwork(KEPT_S)
