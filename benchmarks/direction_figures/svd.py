"""Whether Stable Video Diffusion does what was said, as far as narrow networks of random weights can show it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from benchmarks.report import Figure
from benchmarks.svd_figures.bench import TRUTH, stock_pipeline
from pipelines.contract import RGB
from pipelines.direction import direction_of
from pipelines.families.svd.animator import SvdAnimator
from pipelines.families.svd.dtype import DtypeChoice

STILL = Path(__file__).parents[2] / "assets" / "stills" / "cat.jpg"

STEPS = 8
"""Of a clip: enough for some of them to be where a draft counts."""

LEFT = [[0, 0], [500, 0], [500, 1000], [0, 1000]]
"""The half of the still of which something is said."""

INSIDE = 0.4
"""Share of the width that is within it and far enough from its edge for a decoder that looks to all sides."""

SAID_NOTHING = {"camera": {"strength": 2}}
"""Of a named move, which was not asked for: the sampler has a guide, which is meant nowhere."""

NOTE = "narrow networks of random weights: the way is measured, not what the released weights make of it"


def svd_figures() -> list[Figure]:
    """Motion of what keeps still, and bits that change where nothing was said."""
    animator, still = _animator(), _still()
    free = _frames(animator, still, {})
    held = _frames(animator, still, {"regions": [{"outlines": [LEFT], "do": "still"}]})
    only = _frames(animator, still, {"only": True, "regions": [{"outlines": [LEFT], "do": "sway"}]})
    nothing = _frames(animator, still, SAID_NOTHING)
    outside = slice(still.shape[1] // 2 + 1, None)
    return [
        Figure(
            "SVD, tiny: motion of a region told to keep still, against free",
            _motion(held) / _motion(free),
            "x",
            0.5,
            0.2,
            True,
            NOTE,
        ),
        Figure("SVD, tiny: bytes that a direction that says nothing changes", _differ(free, nothing), "", 0, 0, True),
        Figure(
            "SVD, tiny: bytes that change outside of what alone may move",
            _differ(only[:, :, outside], still[None, :, outside]),
            "",
            0,
            0,
            True,
        ),
    ]


def _animator() -> SvdAnimator:
    return SvdAnimator(stock_pipeline(TRUTH), DtypeChoice(torch.float32, "asked for."), torch.device("cpu"))


def _still() -> RGB:
    bgr = cv2.imread(str(STILL))
    assert bgr is not None, f"{STILL} is part of the repository"  # noqa: S101
    size = (TRUTH.request.width, TRUTH.request.height)
    return np.ascontiguousarray(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA)[..., ::-1], np.uint8)


def _frames(animator: SvdAnimator, still: RGB, said: dict[str, Any]) -> RGB:
    changes = {"direction": direction_of(said), "num_inference_steps": STEPS}
    return np.concatenate([c.frames for c in animator.animate(still, TRUTH.request.model_copy(update=changes))])


def _motion(frames: RGB) -> float:
    """Grey levels by which places of the left part differ from the first frame."""
    part = frames[:, :, : int(INSIDE * frames.shape[2])].astype(np.float32)
    return float(np.abs(part[1:] - part[0]).mean())


def _differ(frames: RGB, others: RGB) -> float:
    return float((frames != others).sum())
