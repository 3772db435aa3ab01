"""A small clip for a person who is still saying what should move, and what would move without a word."""

from __future__ import annotations

import numpy as np

from pipelines.contract import RGB
from pipelines.direction import Direction
from pipelines.eyes.seen import Sight
from pipelines.pocket.animator import PocketAnimator, seen_small, small_renderer
from pipelines.pocket.said import MADE_OF
from pipelines.request import MotionRequest

FRAMES = 12
"""Of a sketch."""

STEPS, SEED = 8, 0
"""Of the denoiser, and where none was chosen: what is said does not hang on them."""

LEAST_SHARE, LEAST_LIGHTS = 0.015, 0.002
"""Of the picture, from which it is worth a word that something there moves."""

SURELY, BRIGHTLY = 0.5, 0.02
"""Share of a material, and of its brightness that a light changes, from which a place counts."""


def sketched(animator: PocketAnimator, still: RGB, request: MotionRequest) -> tuple[list[str], RGB]:
    """See `pipelines.sketch`."""
    request = _plainly(request)
    alone = small_renderer(animator, still, request.model_copy(update={"direction": Direction()}))
    found = _found(seen_small(still).sight)
    if float((alone.ambient.lights > BRIGHTLY).mean()) > LEAST_LIGHTS:
        found.append("lights")
    if not request.direction.parts:
        return found, alone.still[None][:0]
    renderer = small_renderer(animator, still, request)
    last = FRAMES if request.direction.loop else FRAMES - 1
    return found, np.stack([renderer.frame(index / last) for index in range(FRAMES)])


def _plainly(request: MotionRequest) -> MotionRequest:
    """With a move of its own only where one was asked for: which one the seed draws is not what was said."""
    camera = "hold" if request.camera == "auto" and request.seed < 0 else request.camera
    changes = {"camera": camera, "seed": max(request.seed, SEED), "num_inference_steps": STEPS}
    return request.model_copy(update=changes)


def _found(sight: Sight) -> list[str]:
    """Kinds of things, as `Direction.calm` names them, of which there is enough."""
    shares = {kind: sight.share_of(*(name for name in names if name != "sky")) for kind, names in MADE_OF.items()}
    return [kind for kind, share in shares.items() if float((share > SURELY).mean()) > LEAST_SHARE]
