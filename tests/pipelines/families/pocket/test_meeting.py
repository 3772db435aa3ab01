"""From one still to another: exact at both, along what they share, and honest where they share nothing."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.contract import StepEvent
from pipelines.families.pocket.animator import PocketAnimator
from pipelines.families.pocket.matching import way_between
from pipelines.families.pocket.meeting import UNLIKE
from pipelines.request import MotionRequest, parse_request

STILLS = Path(__file__).parents[4] / "assets" / "stills"

SIZE = (384, 256)

Picture = NDArray[np.uint8]


def opened(name: str) -> Picture:
    picture = cv2.resize(cv2.imread(str(STILLS / name)), SIZE, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)


def later_and_closer(picture: Picture) -> Picture:
    """The same scene at dusk, turned a little and nearer."""
    turned = cv2.warpAffine(picture, CLOSER, SIZE, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(turned * 0.6 + (0, 5, 25), np.uint8)


CLOSER = cv2.getRotationMatrix2D((192, 128), 4, 1.2)


def asked(times: list[float], **more: object) -> MotionRequest:
    stills = [{"t": t, "of": f"{index:064x}"} for index, t in enumerate(times)]
    said = {"stills": stills, "loop": bool(more.pop("loop", False))}
    small = {"width": SIZE[0], "height": SIZE[1], "num_frames": 13, "fps": 12, "num_inference_steps": 2, "seed": 1}
    return parse_request(small | more | {"direction": said})


@pytest.fixture(scope="module")
def animator() -> PocketAnimator:
    import pipelines

    made = pipelines.load("pocket")
    assert isinstance(made, PocketAnimator)
    return made


def met(animator: PocketAnimator, stills: list[Picture], request: MotionRequest) -> tuple[Picture, list[StepEvent]]:
    events: list[StepEvent] = []
    frames = np.concatenate([chunk.frames for chunk in animator.meet(stills, request, events.append)])
    assert len(frames) == request.num_frames
    return frames, events


def test_two_views_of_one_place_meet_along_what_they_share(animator: PocketAnimator) -> None:
    first = opened("colosseum.jpg")
    last = later_and_closer(first)
    frames, events = met(animator, [first, last], asked([1.0]))
    assert np.array_equal(frames[0], first)
    assert np.array_equal(frames[-1], last)
    assert not any(event.note for event in events)
    # halfway a place is halfway, not in both places at once: as sharp as the two stills are
    sharp = [cv2.Laplacian(cv2.cvtColor(each, cv2.COLOR_RGB2GRAY), cv2.CV_32F).std() for each in (first, last)]
    middle = cv2.Laplacian(cv2.cvtColor(frames[6], cv2.COLOR_RGB2GRAY), cv2.CV_32F).std()
    assert middle > 0.7 * np.mean(sharp)


def test_the_way_is_where_the_places_have_gone() -> None:
    first = opened("colosseum.jpg")
    way = way_between(first, later_and_closer(first))
    assert way is not None
    rows, columns = way.shape[1:]
    for x, y in ((100, 120), (200, 90), (280, 180)):
        there = CLOSER @ (x, y, 1) - (x, y)
        found = way[:, y * rows // SIZE[1], x * columns // SIZE[0]] * SIZE[0]
        assert np.hypot(*(found - there)) < 2


def test_stills_of_different_things_dissolve_and_it_is_said(animator: PocketAnimator) -> None:
    first, last = opened("lake.jpg"), opened("cat.jpg")
    frames, events = met(animator, [first, last], asked([1.0]))
    assert np.array_equal(frames[-1], last)
    assert [event.note for event in events if event.note] == [UNLIKE]
    steps = np.abs(np.diff(frames.astype(np.int16), axis=0)).mean((1, 2, 3))
    apart = np.abs(first.astype(int) - last).mean()
    assert steps.max() < 0.35 * apart


def test_stills_on_the_way_are_shown_at_their_times_and_a_loop_comes_back(animator: PocketAnimator) -> None:
    stills = [opened(name) for name in ("lake.jpg", "cat.jpg", "otters.jpg")]
    frames, _ = met(animator, stills, asked([0.25, 0.75]))
    assert [np.array_equal(frames[at], still) for at, still in zip((0, 3, 9), stills, strict=True)] == [True] * 3
    # a time between two frames is that of the nearer one
    between, _ = met(animator, stills[:2], asked([0.55]))
    assert np.array_equal(between[7], stills[1])
    looped, _ = met(animator, stills[:2], asked([0.5], loop=True, num_frames=12))
    assert np.array_equal(looped[0], stills[0])
    assert np.array_equal(looped[6], stills[1])
    step = np.abs(looped[-1].astype(int) - looped[0]).mean()
    assert step < np.abs(looped[5].astype(int) - looped[6]).mean() * 3 + 2
