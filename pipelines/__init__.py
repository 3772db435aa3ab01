"""The models: a still and a `MotionRequest` become frames.

animator = pipelines.load(request.model)
for chunk in animator.animate(still, request): ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.contract import RGB, Animator, Draft, Sketch
    from pipelines.request import MotionRequest


def load(model: str, device: str | None = None, dtype: str | None = None) -> Animator:
    """The animator of a model: an id of the catalogue, or a folder. Imports torch; takes seconds.

    `device` ("cuda", "mps", "cpu") and `dtype` ("float16", "bfloat16", "float32") are chosen for the machine where
    they are None; the built-in model always runs on the CPU in float32. Raises `ModelError`.
    """
    from pipelines.loading import load_animator

    return load_animator(model, device, dtype)


def sketch(still: RGB, request: MotionRequest, is_whole: bool = False) -> Sketch:
    """A small clip of a still, uint8 `[H, W, 3]` at the request's size, drawn by the built-in model whichever one is
    asked for: of what was said alone, or of the whole request.

    There are no frames where nothing was said. Takes a tenth of a second for a still that was looked at. Raises
    `ModelError`.
    """
    from pipelines.loading import sketch_of

    return sketch_of(still, request, is_whole)


def draft(still: RGB, request: MotionRequest) -> Draft:
    """What was said of the motion and nothing else, drawn by the built-in model as a draft that guides models which
    cannot be told: for a still, uint8 `[H, W, 3]` at the request's size; the same for the same still and request."""
    from pipelines.loading import draft_of

    return draft_of(still, request)


def look_ahead(model: str, still: RGB) -> None:
    """Finds out about a still, uint8 `[H, W, 3]` at a request's size, what the model would need to know of it first.

    It is kept for the next clips of that still. Does nothing for models that have no such need. Raises `ModelError`.
    """
    from pipelines.loading import look_ahead_for

    look_ahead_for(model, still)
