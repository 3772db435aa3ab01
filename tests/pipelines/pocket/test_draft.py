"""A draft: nothing moves in it but what was said, and it is marked where it is meant."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from pipelines.contract import RGB
from pipelines.pocket.draft import Draft, Drawn, draft_of
from pipelines.request import MotionRequest

FRAMES = 5

BOX = [[300, 300], [700, 300], [700, 700], [300, 700]]

INSIDE, OUTSIDE = (slice(50, 78), slice(76, 116)), (slice(0, 128), slice(0, 50))
"""Rows and columns of a still of 192x128 well inside of the box, and well outside."""


def said(still: RGB, **direction: Any) -> tuple[Draft, list[Drawn]]:
    height, width = still.shape[:2]
    request = MotionRequest(direction=direction, num_frames=FRAMES, width=width, height=height, seed=1)
    draft = draft_of(still, request)
    return draft, list(draft.drawn())


def box(do: str, **more: Any) -> dict[str, Any]:
    return {"outlines": [BOX], "do": do, **more}


def test_only_what_was_said_moves_and_is_marked(cat: RGB) -> None:
    _, drawn = said(cat, regions=[box("flow", toward=0, strength=2)])
    assert np.array_equal(drawn[0].frame, cat)
    for one in drawn:
        assert one.frame.shape == cat.shape
        assert np.array_equal(one.frame[OUTSIDE], cat[OUTSIDE]), "a cat breathes, unless nobody said so"
        assert one.moved[INSIDE].all()
        assert not one.moved[OUTSIDE].any()
        assert not one.held.any(), "what nobody spoke of is left to the model"
    grey = [cv2.cvtColor(each.frame, cv2.COLOR_RGB2GRAY) for each in drawn[1:3]]
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(*grey, None)
    across, down = np.median(flow[INSIDE].reshape(-1, 2), 0)
    assert across > 0.3 > abs(down), "to the right"


def test_the_same_draft_is_drawn_again(cat: RGB) -> None:
    drafts = [said(cat, arrows=[{"path": [[300, 500], [600, 400]]}])[1] for _ in range(2)]
    assert all(
        np.array_equal(a, b) for one, other in zip(*drafts, strict=True) for a, b in zip(one, other, strict=True)
    )


def test_what_keeps_still_is_held_as_it_is(cat: RGB) -> None:
    draft, drawn = said(cat, regions=[box("still")], anchors=[[100, 500]], arrows=[{"path": [[600, 850], [950, 850]]}])
    for one in drawn:
        assert one.held[INSIDE].all()
        assert one.held[64 - 12 : 64 + 12, 19 - 10 : 19 + 10].all(), "an anchor is wider than four cells of a latent"
        assert np.array_equal(one.frame[one.held], cat[one.held])
        assert not (one.held & one.moved).any()
        assert one.moved[109, 150]
    assert np.array_equal(draft.may_move, ~drawn[0].held)
    frames = np.full((2, *cat.shape), 7, np.uint8)
    assert draft.kept(cat, frames) is frames, "the rest of the picture is the model's"


def test_where_nothing_may_move_the_still_is_kept(cat: RGB) -> None:
    draft, drawn = said(
        cat, only=True, regions=[box("sway"), box("auto", outlines=[[[800, 0], [1000, 0], [1000, 200]]])]
    )
    assert all(one.held[OUTSIDE].all() and one.moved[INSIDE].all() for one in drawn)
    assert not (drawn[1].held | drawn[1].moved)[5, 185], "as the picture says: the model knows better"
    frames = np.full((2, *cat.shape), 7, np.uint8)
    kept = draft.kept(cat, frames)
    assert np.array_equal(kept[1][OUTSIDE], cat[OUTSIDE])
    assert (kept[1][INSIDE] == 7).all()
    assert (kept[1][:14, 186:190] == 7).all()


def test_marks_go_along_with_the_camera(cat: RGB) -> None:
    draft, drawn = said(cat, camera={"keys": [{}, {"t": 1, "zoom": 1.3}], "depth": 0}, regions=[box("still")])
    areas = [one.held.sum() for one in drawn]
    assert areas[-1] == pytest.approx(1.69 * areas[0], rel=0.03)
    assert (drawn[-1].held | drawn[-1].moved).mean() > 0.999, "a camera that only zooms bares nothing"
    assert draft.free is None
    rows, columns = np.nonzero(drawn[-1].held)
    there = drawn[-1].frame[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    here = cv2.resize(cat[38:90, 58:134], there.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    assert np.abs(there[4:-4, 4:-4].astype(int) - here[4:-4, 4:-4]).mean() < 4, "and they show the same part"


def test_what_a_camera_bares_is_left_to_the_model(landscape: RGB) -> None:
    _, drawn = said(landscape, camera={"keys": [{}, {"t": 1, "orbit": 8}], "aim": [650, 800]})
    marked = [one.moved.mean() for one in drawn]
    assert marked[0] == 1
    assert 0.5 < marked[-1] < 0.999


def test_a_way_that_leaves_the_picture_is_told(cat: RGB) -> None:
    draft, _ = said(cat, camera={"keys": [{}, {"t": 1, "x": 900, "zoom": 1.1}]})
    assert draft.told.startswith("The camera would have left the picture")
