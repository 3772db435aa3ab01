"""The built-in model at work: it looks at the still, draws what happens next, and moves the picture in cards."""

from __future__ import annotations

import functools
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import torch
from torch import Tensor

from pipelines.contract import RGB, Checkpoint, FrameChunk, OnStep, StepEvent, ignore_steps
from pipelines.direction import FULL
from pipelines.errors import BadFrames
from pipelines.eyes.eyes import look_at
from pipelines.eyes.seen import Seen, Sight
from pipelines.families.pocket.ambient import Ambient
from pipelines.families.pocket.amplitude import speed
from pipelines.families.pocket.camera import drawn_move
from pipelines.families.pocket.cards import Deck, deck_of, held
from pipelines.families.pocket.controls import Controls
from pipelines.families.pocket.course import Way, course_of
from pipelines.families.pocket.denoiser import HappeningDenoiser
from pipelines.families.pocket.happening import CHANNELS, Happening
from pipelines.families.pocket.movers import with_movers
from pipelines.families.pocket.path import path_of
from pipelines.families.pocket.render import Renderer
from pipelines.families.pocket.said import Stage, directed
from pipelines.families.pocket.sampling import Conditions, OnFields, draw_fields, ignore_fields, noise_for
from pipelines.families.pocket.shake import shaken
from pipelines.families.pocket.stirring import ambient_of
from pipelines.families.pocket.weights import open_denoiser
from pipelines.request import MotionRequest, asked

CHUNK = 4
"""Frames rendered at once: 7 MB at 1024 x 576, and a stop is obeyed within a quarter of a second."""

AHEAD = 2
"""Chunks that are drawn before they are asked for."""

MOST_CORES = 8
"""That draw frames at a time: more would wait for the encoder."""

PREVIEW_FRAMES, PREVIEW_WIDTH = 8, 256
"""Of the moving preview: enough to see where the motion goes."""

PREVIEW_EVERY = 16
"""Steps between previews: one takes a third of a second, a usual drawing less than one."""

STILLS_KEPT = 4
"""Stills whose sight is kept: another take of the same one does not look again."""


def load_pocket(folder: Path) -> PocketAnimator:
    """The built-in model from its folder."""
    return PocketAnimator(open_denoiser(folder))


def look_ahead(still: RGB) -> None:
    """Looks at a still uint8 `[H, W, 3]` and cuts its cards; the next clips of it begin with what was found."""
    _looked(still).deck_of(still)


def seen_small(still: RGB) -> SmallStill:
    """A still uint8 `[H, W, 3]` a quarter as large, with what is found in it."""
    return _looked(still).small_of(still)


def small_renderer(animator: PocketAnimator, still: RGB, request: MotionRequest) -> Renderer:
    """What draws the clip a quarter as large, for a person who is still changing what was said."""
    small, happening = _drawn_small(animator, still, request)
    return _renderer(small.rgb, small.sight, small.deck, happening, request)


def small_ambient(animator: PocketAnimator, still: RGB, request: MotionRequest) -> Ambient:
    """What moves by itself without a word."""
    small, happening = _drawn_small(animator, still, request)
    return _own_ambient(small.sight, small.deck, happening, request)


def _drawn_small(animator: PocketAnimator, still: RGB, request: MotionRequest) -> tuple[SmallStill, Happening]:
    looked = _looked(still)
    key = (request.seed, request.num_inference_steps, request.max_guidance_scale)
    if looked.drawn is None or looked.drawn[0] != key:
        looked.drawn = key, animator.draw(looked.seen, request)
    return looked.small_of(still), looked.drawn[1]


def renderer_of_said(still: RGB, request: MotionRequest) -> Renderer:
    """What draws the clip of a still uint8 `[H, W, 3]` in which nothing moves but what was said, nor the camera."""
    looked = _looked(still)
    alone = request.direction.model_copy(update={"only": True})
    nothing = Happening(np.zeros((CHANNELS, *looked.seen.features.shape[-2:]), np.float32))
    return _renderer(
        still, looked.sight, looked.deck_of(still), nothing, request.model_copy(update={"direction": alone})
    )


def moments_of(request: MotionRequest) -> list[float]:
    """The share of the clip's time that each frame is at; the first frame of a loop's next round would be at 1."""
    last = request.num_frames - (not request.direction.loop)
    return [index / last for index in range(request.num_frames)]


class PocketAnimator:
    """Implements `pipelines.contract.Animator`."""

    def __init__(self, denoiser: HappeningDenoiser) -> None:
        self.denoiser = denoiser

    def animate(
        self, still: RGB, request: MotionRequest, on_step: OnStep = ignore_steps, resume: Checkpoint | None = None
    ) -> Iterator[FrameChunk]:
        """Frames of the still in motion; raises `BadFrames` and whatever `on_step` raises.

        A run takes a few seconds and gives no checkpoints: it always begins anew, and ends in the same frames.
        """
        on_step(StepEvent("encode", 0, 1))
        renderer = self.renderer(still, request, on_step)
        yield from _drawn([(renderer, moments_of(request))], request, on_step)

    def meet(
        self,
        stills: Sequence[RGB],
        request: MotionRequest,
        on_step: OnStep = ignore_steps,
        resume: Checkpoint | None = None,
    ) -> Iterator[FrameChunk]:
        """See `pipelines.contract.Meets`."""
        from pipelines.families.pocket.meeting import parts_of

        on_step(StepEvent("encode", 0, 1))
        yield from _drawn(parts_of(self, stills, request, on_step), request, on_step)

    def renderer(
        self, still: RGB, request: MotionRequest, on_step: OnStep = ignore_steps, has_looks: bool = True
    ) -> Renderer:
        """What draws the frames of a clip, at any moment of it; `has_looks`: steps come with a moving preview."""
        looked = _looked(still)

        def watch(step: int, fields: Tensor) -> None:
            total = request.num_inference_steps
            shown = has_looks and on_step is not ignore_steps and (step % PREVIEW_EVERY == 0 or step == total)
            frames = _preview(looked.small_of(still), _happening(fields), request) if shown else None
            on_step(StepEvent("sampling", step, total, frames))

        happening = self.draw(looked.seen, request, watch)
        return _renderer(still, looked.sight, looked.deck_of(still), happening, request)

    def draw(self, seen: Seen, request: MotionRequest, on_fields: OnFields = ignore_fields) -> Happening:
        """What happens next in a still, for the request's seed, steps and guidance."""
        conditions = conditions_of(seen, request.max_guidance_scale)
        noise = noise_for(conditions, request.seed)
        return _happening(draw_fields(self.denoiser, conditions, noise, request.num_inference_steps, on_fields))


class Draws(Protocol):
    """What draws the frames of a part of a clip, at any share of its time; `told` is a sentence or empty."""

    @property
    def told(self) -> str: ...

    def frame(self, share: float) -> RGB:
        """The frame at a share of the part's time, uint8 `[H, W, 3]`."""
        ...


def _drawn(parts: Iterable[tuple[Draws, list[float]]], request: MotionRequest, on_step: OnStep) -> Iterator[FrameChunk]:
    """The frames of parts that follow each other, each at its shares."""
    start, total = 0, request.num_frames
    with ThreadPoolExecutor(min(os.cpu_count() or 1, MOST_CORES)) as pool:
        try:
            for part, shares in parts:
                if part.told:
                    on_step(StepEvent("decode", start, total, note=part.told))
                for frames in _drawn_ahead(pool, part, shares):
                    yield FrameChunk(start, frames)
                    start += len(frames)
                    on_step(StepEvent("decode", start, total))
        finally:
            pool.shutdown(cancel_futures=True)


def _drawn_ahead(pool: Executor, part: Draws, shares: list[float]) -> Iterator[RGB]:
    """Chunks of frames, drawn while those before them are encoded."""
    waiting: deque[list[Future[RGB]]] = deque()
    for start in range(0, len(shares), CHUNK):
        waiting.append([pool.submit(part.frame, share) for share in shares[start : start + CHUNK]])
        if len(waiting) > AHEAD:
            yield np.stack([frame.result() for frame in waiting.popleft()])
    while waiting:
        yield np.stack([frame.result() for frame in waiting.popleft()])


def conditions_of(seen: Seen, guidance: float) -> Conditions:
    """What the denoiser is told of a still."""
    features, extras = (torch.from_numpy(each).float() for each in (seen.features, seen.extras))
    return Conditions(features, extras, guidance)


def _happening(fields: Tensor) -> Happening:
    if not bool(torch.isfinite(fields).all()):
        raise BadFrames("The model drew a motion that is not finite.", "Try another seed or a lower guidance.")
    return Happening(fields[0].numpy())


class _Still:
    """A still that is known again by its pixels."""

    def __init__(self, rgb: RGB) -> None:
        self.rgb = rgb
        self._key = (rgb.shape, hash(rgb.tobytes()))

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Still) and self._key == other._key and np.array_equal(self.rgb, other.rgb)


@dataclass(frozen=True, eq=False)
class SmallStill:
    """A still a quarter as large, with what is found in it."""

    rgb: RGB
    sight: Sight
    deck: Deck


@dataclass
class _Looked:
    """What was found in a still, and what was last drawn to happen in it, by seed, steps and guidance."""

    seen: Seen
    sight: Sight
    deck: Deck | None = None
    small: SmallStill | None = None
    drawn: tuple[tuple[int, int, float], Happening] | None = None

    def deck_of(self, still: RGB) -> Deck:
        """Its cards, made once."""
        if self.deck is None:
            self.deck = deck_of(still, self.sight)
        return self.deck

    def small_of(self, still: RGB) -> SmallStill:
        """The same a quarter as large, made once."""
        if self.small is None:
            rgb = _shrunk(still)
            sight = self.seen.sight(rgb)
            self.small = SmallStill(rgb, sight, deck_of(rgb, sight))
        return self.small


_LOOKING = threading.Lock()


def _looked(still: RGB) -> _Looked:
    """What is found in a still: whoever asks while another looks at it waits for that look."""
    with _LOOKING:
        return _looked_at(_Still(still))


@functools.lru_cache(maxsize=STILLS_KEPT)
def _looked_at(still: _Still) -> _Looked:
    seen = look_at(still.rgb)
    return _Looked(seen, seen.sight(still.rgb))


def _renderer(still: RGB, sight: Sight, deck: Deck, happening: Happening, request: MotionRequest) -> Renderer:
    said = request.direction
    ambient = directed(_own_ambient(sight, deck, happening, request), said, Stage(sight, vigour_of(request)))
    deck, way = _way(still, sight, deck, ambient, request)
    way = shaken(way, said.camera.shake, (request.seed, ambient.seconds), said.loop, still.shape[0] / still.shape[1])
    return Renderer(still, with_movers(deck, still, said), way, ambient)


def _own_ambient(sight: Sight, deck: Deck, happening: Happening, request: MotionRequest) -> Ambient:
    how = request.seed, imagined_seconds(request)
    return ambient_of(sight, happening, deck.nearness, vigour_of(request), how)


def _way(still: RGB, sight: Sight, deck: Deck, ambient: Ambient, request: MotionRequest) -> tuple[Deck, Way]:
    """The camera's way, and the cards as it sees them."""
    said = request.direction
    aim = sight.interest if said.camera.aim is None else (said.camera.aim[0] / FULL, said.camera.aim[1] / FULL)
    if said.camera.keys:
        return deck, path_of(deck, said.camera, aim, said.loop)
    # what is said to move alone is seen by a camera that holds, unless that too was said
    camera = asked(request, Controls).camera
    camera = "hold" if said.only and camera == "auto" else camera
    move = drawn_move(camera, deck, aim, request.seed)
    jitter = ambient.jitter()
    if move.name == "hold":
        deck = held(still, deck)
        # what was held keeps its pixels: nothing is cut for the sake of what moves elsewhere
        jitter = jitter if ambient.within is None else 0.0
    return deck, course_of(deck, move, wanted_travel(request) * said.camera.strength, jitter, said.loop)


def _shrunk(still: RGB) -> RGB:
    height = max(2, round(PREVIEW_WIDTH * still.shape[0] / still.shape[1]))
    return np.asarray(cv2.resize(still, (PREVIEW_WIDTH, height), interpolation=cv2.INTER_AREA), np.uint8)


def _preview(small: SmallStill, happening: Happening, request: MotionRequest) -> RGB:
    """Frames `[PREVIEW_FRAMES, h, PREVIEW_WIDTH, 3]` of a clip that is still being drawn."""
    renderer = _renderer(small.rgb, small.sight, small.deck, happening, request)
    return np.stack([renderer.frame(index / (PREVIEW_FRAMES - 1)) for index in range(PREVIEW_FRAMES)])


def wanted_travel(request: MotionRequest) -> float:
    """Mean displacement in image widths over the whole clip."""
    return speed(request.motion_bucket_id) * imagined_seconds(request)


def imagined_seconds(request: MotionRequest) -> float:
    """Seconds from the first frame to the last at the motion fps, whatever rate the file plays at; of a loop to the
    first one of its next round."""
    return (request.num_frames - (not request.direction.loop)) / request.fps


def vigour_of(request: MotionRequest) -> float:
    """How strongly things move by themselves: 1 at the usual motion and noise, more where there is more of either."""
    amount = (request.motion_bucket_id / USUAL_BUCKET) ** AMOUNT_POWER
    return float(amount * (1 + FREEDOM_PER_NOISE * (request.noise_aug_strength - USUAL_NOISE)))


USUAL_BUCKET = float(MotionRequest.model_fields["motion_bucket_id"].default)

USUAL_NOISE = float(MotionRequest.model_fields["noise_aug_strength"].default)

AMOUNT_POWER, FREEDOM_PER_NOISE = 1.0, 1.5
"""What moves by itself rises with the bucket, less steeply than the camera; at the strongest noise it is 2.5 times."""
