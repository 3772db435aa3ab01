"""A small clip for a person who is still saying what should move, and what would move without a word."""

from __future__ import annotations

import itertools

import cv2
import numpy as np

from pipelines.contract import RGB, Sketch
from pipelines.eyes.seen import Sight
from pipelines.families.pocket.animator import PocketAnimator, moments_of, seen_small, small_ambient, small_renderer
from pipelines.families.pocket.controls import Controls
from pipelines.families.pocket.said import MADE_OF
from pipelines.request import MotionRequest, asked

FRAMES = 12
"""Of a sketch."""

STEPS, SEED = 8, 0
"""Of the denoiser, and where none was chosen: what is said does not hang on them."""

LEAST_SHARE, LEAST_LIGHTS = 0.015, 0.002
"""Of the picture, from which it is worth a word that something there moves."""

SURELY, BRIGHTLY = 0.5, 0.02
"""Share of a material, and of its brightness that a light changes, from which a place counts."""


def sketched(animator: PocketAnimator, still: RGB, request: MotionRequest, is_whole: bool) -> Sketch:
    """See `pipelines.sketch`."""
    request = request.model_copy(update={"num_inference_steps": STEPS}) if is_whole else _plainly(request)
    small = seen_small(still)
    found = _found(small.sight)
    if float((small_ambient(animator, still, request).lights > BRIGHTLY).mean()) > LEAST_LIGHTS:
        found.append("lights")
    if not (is_whole or request.direction.parts - {"stills"}):
        return Sketch(found, small.rgb[None][:0], 0.0)
    renderer, moments = small_renderer(animator, still, request), _moments(request)
    frames = np.stack([renderer.frame(moment) for moment in moments])
    return Sketch(found, frames, _motion(frames, renderer.ambient.seconds * moments[1]))


def _moments(request: MotionRequest) -> list[float]:
    return moments_of(request.model_copy(update={"num_frames": FRAMES}))


def _motion(frames: RGB, seconds: float) -> float:
    """Percent of the width a second that a place moves in the mean, from frames so many seconds apart (DIS)."""
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)  # type: ignore[attr-defined]
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames]
    moved = [float(np.hypot(*dis.calc(a, b, None).transpose(2, 0, 1)).mean()) for a, b in itertools.pairwise(grey)]
    return float(np.mean(moved)) / frames.shape[2] / seconds * 100


def _plainly(request: MotionRequest) -> MotionRequest:
    """With a move of its own only where one was asked for: which one the seed draws is not what was said."""
    camera = asked(request, Controls).camera
    camera = "hold" if camera == "auto" and request.seed < 0 else camera
    changes = {"camera": camera, "seed": max(request.seed, SEED), "num_inference_steps": STEPS}
    return request.model_copy(update=changes)


def _found(sight: Sight) -> list[str]:
    """Kinds of things, as `Direction.calm` names them, of which there is enough."""
    shares = {kind: sight.share_of(*(name for name in names if name != "sky")) for kind, names in MADE_OF.items()}
    return [kind for kind, share in shares.items() if float((share > SURELY).mean()) > LEAST_SHARE]
