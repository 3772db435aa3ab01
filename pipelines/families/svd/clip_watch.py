"""A look at the frames of a clip as they come out: is it black, flat, frozen, or does it stutter?

Random numbers gone wrong give clips that are whole files and still no use; a person should hear what to change.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.contract import RGB
from pipelines.families.svd.controls import Controls
from pipelines.request import MotionRequest, asked

STRIDE = 8
"""Pixels from one that is looked at to the next: a latent cell, below which the model decides nothing."""

BLACK_LEVEL = 4.0
"""Grey levels: a clip no frame of which is brighter on average is black."""

FLAT_SPREAD = 3.0
"""Grey levels of standard deviation: a frame with less shows nothing, unless the still does neither."""

FROZEN_CHANGE = 0.6
"""Grey levels that a pixel changes by on average, first frame to any other: less is below what rounding does."""

SAME_CHANGE = 0.02
"""Grey levels that a pixel changes by on average from one frame to the next: less is a frame shown twice."""

LIVELY_MOTION, MOST_MOTION = 160, 255
"""Values of the motion control to propose where nothing moves."""

FREE_NOISE = 100
"""First noise to propose where nothing moves: published for such clips (arXiv 2406.15735)."""


class ClipWatch:
    """Takes in the frames of a clip in order; `notes` then says what is wrong with it, in sentences with the cure.

    It looks at `where`, bool `[H, W]`, alone: what was told to keep still does.
    """

    def __init__(self, still: RGB, request: MotionRequest, where: NDArray[np.bool_] | None = None) -> None:
        self.request = request
        looked_at = np.ones(still.shape[:2], np.bool_) if where is None else where
        self._where = looked_at[::STRIDE, ::STRIDE]
        self._still = float(_sampled(still[None]).std())
        self._first: NDArray[np.float32] | None = None
        self._last: NDArray[np.float32] | None = None
        self._brightest = self._spread = self._farthest = 0.0
        self._steps: list[float] = []

    def see(self, frames: RGB) -> None:
        """The next frames, uint8 `[n, H, W, 3]`."""
        for whole in _sampled(frames):
            frame = whole[self._where] if self._where.any() else whole
            self._brightest = max(self._brightest, float(frame.mean()))
            self._spread = max(self._spread, float(frame.std()))
            if self._first is None or self._last is None:
                self._first = frame
            else:
                self._farthest = max(self._farthest, float(np.abs(frame - self._first).mean()))
                self._steps.append(float(np.abs(frame - self._last).mean()))
            self._last = frame

    def notes(self) -> list[str]:
        """What a person should know, the worst alone: a black clip is also a frozen one."""
        if self._brightest < BLACK_LEVEL and self._still > FLAT_SPREAD:
            return ["The clip is black: draw another seed, or load the model in fp32."]
        if self._spread < FLAT_SPREAD < self._still:
            return ["The clip shows nothing: lower the guidance of the last frame, or draw another seed."]
        if self._farthest < FROZEN_CHANGE:
            return [f"The picture hardly moves: {self._livelier()}."]
        twice = sum(step < SAME_CHANGE for step in self._steps)
        if twice:
            return [f"{twice} of {len(self._steps) + 1} frames repeat the one before: lower the motion fps."]
        return []

    def _livelier(self) -> str:
        motion = self.request.motion_bucket_id
        wanted = LIVELY_MOTION if motion < LIVELY_MOTION else MOST_MOTION
        ways = [f"raise motion to {wanted}"] if motion < MOST_MOTION else []
        ways += (
            [f"lower the first noise to {FREE_NOISE}"] if asked(self.request, Controls).sigma_max > FREE_NOISE else []
        )
        return " or ".join(ways) or "draw another seed"


def _sampled(frames: RGB) -> NDArray[np.float32]:
    return frames[:, ::STRIDE, ::STRIDE].astype(np.float32)
