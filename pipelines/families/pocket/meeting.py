"""From one still to the next: both in motion, the second one towards its own moment, and one becomes the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np

from pipelines.contract import RGB, OnStep, StepEvent
from pipelines.direction import Direction
from pipelines.families.pocket.amplitude import eased
from pipelines.families.pocket.animator import PocketAnimator, imagined_seconds, moments_of
from pipelines.families.pocket.camera import BACK, move_name
from pipelines.families.pocket.controls import Controls
from pipelines.families.pocket.masks import Floats
from pipelines.families.pocket.matching import way_between
from pipelines.families.pocket.render import Renderer
from pipelines.request import MotionRequest, asked

DISSOLVES = (0.25, 0.75)
"""Shares of the time between two stills at which the first begins to go and has gone."""

ROUNDS = 3
"""Until a place on the way knows where it comes from."""

UNLIKE = "Two of the stills show different things: the one dissolves into the other."


@dataclass(frozen=True, eq=False)
class Meeting:
    """What draws the way from the still of `first` to that of `second`, which is seen before its moment.

    `way [2, h, w]` says where the places of the first are in the second, None where they are nowhere.
    """

    first: Renderer
    second: Renderer
    way: Floats | None

    @property
    def told(self) -> str:
        """A sentence where the two stills do not fit."""
        return UNLIKE if self.way is None else ""

    def frame(self, share: float) -> RGB:
        """The frame at a share of the way, uint8 `[H, W, 3]`: at 0 the first still itself, at 1 the second."""
        if share in (0, 1):
            return (self.second if share else self.first).frame(0)
        gone = _gone(share)
        frames = [self.first.frame(share) if gone < 1 else None, self.second.frame(1 - share) if gone > 0 else None]
        if self.way is not None:
            frames = self._met(frames, float(eased(share)), self.way)
        one, other = frames
        if one is None or other is None:
            left = other if one is None else one
            assert left is not None, "one of the two is there"  # noqa: S101
            return left
        return np.asarray(cv2.addWeighted(one, 1 - gone, other, gone, 0), np.uint8)

    def _met(self, frames: list[RGB | None], share: float, way: Floats) -> list[RGB | None]:
        """Both where their places are at a share of the way."""
        back = _seen_on_the_way(way, share)
        return [
            None if frame is None else _moved(frame, back * np.float32(far))
            for frame, far in zip(frames, (-share, 1 - share), strict=True)
        ]


def parts_of(
    animator: PocketAnimator, stills: Sequence[RGB], request: MotionRequest, on_step: OnStep
) -> Iterator[tuple[Meeting | Renderer, list[float]]]:
    """The ways from still to still, one after the other, and at which shares of each there is a frame.

    After the last still it goes on by itself, or, in a loop, back to the first.
    """
    moments, drawn = moments_of(request), 0
    times = [0.0, *_times_of(request, moments)]
    if request.direction.loop:
        stills, times = [*stills, stills[0]], [*times, 1.0]
    for index, (begin, end) in enumerate(zip(times, [*times[1:], 1.0], strict=True)):
        is_last = end == 1
        shares = [(at - begin) / (end - begin) for at in moments if begin <= at < end or (is_last and at == 1)]
        part = _part_of(request, end - begin, is_first=index == 0)
        so_far = StepEvent("decode", drawn, request.num_frames)
        watch = on_step if index == 0 else partial(_only_stopped, on_step, so_far)
        yield _way(animator, stills[index : index + 2], part, watch), shares
        drawn += len(shares)
        if is_last:
            return


def _times_of(request: MotionRequest, moments: Sequence[float]) -> list[float]:
    """When each still is shown: at the frame that is nearest to its time, each at one of its own."""
    places: list[int] = []
    stills = request.direction.stills
    for number, still in enumerate(stills):
        nearest = min(range(len(moments)), key=lambda place: abs(moments[place] - still.t))
        room = len(moments) - len(stills) + number
        places.append(min(max(nearest, places[-1] + 1 if places else 1), room))
    return [moments[place] for place in places]


def _only_stopped(on_step: OnStep, so_far: StepEvent, event: StepEvent) -> None:
    """Between two parts a run can be stopped, and is no farther than it was."""
    on_step(so_far)


def _way(
    animator: PocketAnimator, stills: Sequence[RGB], request: MotionRequest, on_step: OnStep
) -> Meeting | Renderer:
    if len(stills) == 1:
        return animator.renderer(stills[0], request, on_step, False)
    way = way_between(*stills)
    if way is not None and not request.direction.camera.keys:
        # the way from the one to the other is the camera's
        request = request.model_copy(update={"camera": "hold"})
    first = animator.renderer(stills[0], request, on_step)
    back = request.model_copy(update={"camera": BACK[_move_of(request)], "direction": _elsewhere(request)})
    second = animator.renderer(stills[1], back, partial(_only_stopped, on_step, StepEvent("encode", 1, 1)), False)
    ambient = replace(second.ambient, stream=-second.ambient.stream, backwards=True)
    return Meeting(first, replace(second, ambient=ambient), way)


def _move_of(request: MotionRequest) -> str:
    said, camera = request.direction, asked(request, Controls).camera
    if said.camera.keys or (said.only and camera == "auto"):
        return "hold"
    return move_name(camera, request.seed)


def _part_of(request: MotionRequest, share: float, is_first: bool) -> MotionRequest:
    """The request for a share of its time; what was said of places is about the first still."""
    frames = max(2, round(imagined_seconds(request) * share * request.fps) + 1)
    said = request.direction.model_copy(update={"loop": False, "stills": ()}) if is_first else _elsewhere(request)
    return request.model_copy(update={"num_frames": frames, "direction": said})


def _elsewhere(request: MotionRequest) -> Direction:
    return request.direction.elsewhere().model_copy(update={"loop": False, "stills": ()})


def _gone(share: float) -> float:
    begin, end = DISSOLVES
    return float(eased(np.clip((share - begin) / (end - begin), 0, 1)))


def _seen_on_the_way(way: Floats, share: float) -> Floats:
    """The way of what is at each place after a share of it, `[2, h, w]`: found by looking back along it."""
    height, width = way.shape[1:]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    found = way
    for _ in range(ROUNDS):
        u, v = (place - np.float32(share * width) * part for place, part in zip((x, y), found, strict=True))
        found = np.stack([cv2.remap(part, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for part in way])
    return found


def _moved(frame: RGB, by: Floats) -> RGB:
    """The frame taken from `by` image widths beside each place."""
    height, width = frame.shape[:2]
    across, down = (cv2.resize(part, (width, height)) * np.float32(width) for part in by)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return np.asarray(
        cv2.remap(frame, x + across, y + down, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101), np.uint8
    )
