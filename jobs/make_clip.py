"""One still, one request, one clip: what the worker and the command line both do."""

from __future__ import annotations

import functools
import gc
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pipelines
from jobs.further import names_of
from jobs.glance import Glance
from jobs.recipe import recipe_text
from media.clip import write_clip
from media.framing import anchor_of, frame_still, is_cropped, seen_part
from media.layers import Window
from media.probe import ClipFacts
from media.spec import ClipSpec
from media.stills import Still, open_still
from pipelines.contract import RGB, Animator, Checkpoint, FrameChunk, Meets, OnStep, StepEvent, ignore_steps
from pipelines.errors import ModelError, OutOfMemory
from pipelines.loading import looks_ahead
from pipelines.models.catalogue import built_in
from pipelines.request import MotionRequest


@dataclass(frozen=True)
class Order:
    """What is to be made of what, and where it goes, perhaps going on from a checkpoint. The seed must be drawn.

    `further` are the files of the further stills, by `jobs.further.further_name`.
    """

    still: Path
    request: MotionRequest
    clip: Path
    resume: Checkpoint | None = None
    further: Mapping[str, Path] = field(default_factory=dict)


def make_clip(order: Order, on_step: OnStep = ignore_steps) -> ClipFacts:
    """Write the clip; returns what its probe found. Raises `StillmotionError`, and whatever `on_step` raises.

    The model is loaded last: a bad still, or a place that cannot be written to, answers without torch.
    """
    request = order.request
    on_step(StepEvent("load", 0, 1))
    framed = framed_still(order.still, request)
    others = [framed_still(order.further[name], request).rgb for name in names_of(request)]
    spec = ClipSpec.for_request(request, recipe_text(request, order.still))
    order = replace(order, request=framed.request_for(request))
    return write_clip(order.clip, _chunks([framed.rgb, *others], order, on_step), spec)


def look_ahead(glance: Glance) -> None:
    """Find out what a clip of this still will need to know of it. Raises `StillmotionError`."""
    if looks_ahead(glance.request.model):
        pipelines.look_ahead(glance.request.model, framed_still(glance.still, glance.request).rgb)


@dataclass(frozen=True, eq=False)
class Framed:
    """A still as a model gets it, and which part of the whole still that is, in shares of it."""

    rgb: RGB
    part: Window

    def request_for(self, request: MotionRequest) -> MotionRequest:
        """The request with the places of its direction where they are in this part."""
        return request.model_copy(update={"direction": request.direction.within(self.part)})


def framed_still(path: Path, request: MotionRequest) -> Framed:
    """The still in a file at a request's size. Raises `StillError`."""
    still = open_still(path)
    anchor = find_anchor(still, request)
    return Framed(frame_still(still, request, anchor), seen_part(still.size, request, anchor))


@functools.lru_cache(maxsize=1)
def warm(model: str) -> Animator:
    """The animator of a model, kept until another one is asked for. Raises `ModelError` and `OutOfMemory`."""
    # this runs for another model only: there is seldom room for two
    warm.cache_clear()
    gc.collect()
    return pipelines.load(model)


def find_anchor(still: Still, request: MotionRequest) -> tuple[float, float] | None:
    """Where the crop should look: at the subject, unless the request says where or nothing is cropped."""
    is_placed = request.anchor_x >= 0 and request.anchor_y >= 0
    if is_placed or not is_cropped(still.size, request):
        return None
    return anchor_of(still)


def facts_in_json(facts: ClipFacts) -> dict[str, Any]:
    """What people and programs want to know of a finished clip."""
    return {
        "width": facts.width,
        "height": facts.height,
        "num_frames": facts.num_frames,
        "fps": float(facts.fps),
        "seconds": round(facts.seconds, 3),
    }


def _chunks(stills: Sequence[RGB], order: Order, on_step: OnStep) -> Iterator[FrameChunk]:
    with _in_plain_words(order.request):
        animator = warm(order.request.model)
        on_step(StepEvent("load", 1, 1))
        if order.request.is_enhanced:
            yield from _enhanced(animator, stills, order, on_step)
        else:
            yield from _animated(animator, stills, order, on_step)


def _animated(animator: Animator, stills: Sequence[RGB], order: Order, on_step: OnStep) -> Iterator[FrameChunk]:
    if len(stills) == 1:
        return animator.animate(stills[0], order.request, on_step, order.resume)
    if not isinstance(animator, Meets):
        raise ModelError(
            f"{order.request.model} cannot show further stills.", f"Take them out, or choose {built_in().name}."
        )
    return animator.meet(stills, order.request, on_step, order.resume)


def _enhanced(animator: Animator, stills: Sequence[RGB], order: Order, on_step: OnStep) -> Iterator[FrameChunk]:
    """The helpers' frames. They work while the model still makes its own: those count as no steps of their own."""
    from pipelines.enhance.stream import enhanced

    so_far = StepEvent("enhance", 0, order.request.clip_frames)

    def note(event: StepEvent) -> None:
        nonlocal so_far
        if event.stage == "enhance":
            so_far = event
        elif event.stage == "decode":
            event = replace(so_far, preview=event.preview, note=event.note)
        on_step(event)

    frames = _animated(animator, stills, order, note)
    try:
        yield from enhanced(frames, order.request, note)
    finally:
        if isinstance(frames, Generator):
            # a helper that fails leaves the model in the middle of its work, and what it holds in memory
            frames.close()


@contextmanager
def _in_plain_words(request: MotionRequest) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise ModelError(
            f"The model {request.model} needs {error.name or 'a package'}, which cannot be imported.",
            "Install the packages again: pip install -r requirements.txt.",
        ) from error
    except (MemoryError, RuntimeError) as error:
        from pipelines.shortage import is_out_of_memory

        if not is_out_of_memory(error):
            raise
        raise OutOfMemory(
            f"Not enough memory for {request.num_frames} frames at {request.width}x{request.height}.",
            "Choose a smaller size or fewer frames.",
        ) from error
