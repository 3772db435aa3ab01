"""A draft: nothing moves in it but what was said, and it is marked where it is meant."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from pipelines.contract import RGB, FrameChunk
from pipelines.families.pocket.draft import Draft, Drawn, draft_of
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
    one, other = (said(cat, arrows=[{"path": [[300, 500], [600, 400]]}])[1] for _ in range(2))
    assert all(np.array_equal(*pair) for drawn in zip(one, other, strict=True) for pair in zip(*drawn, strict=True))


def test_what_keeps_still_is_held_as_it_is(cat: RGB) -> None:
    draft, drawn = said(cat, regions=[box("still")], anchors=[[100, 500]], arrows=[{"path": [[600, 850], [950, 850]]}])
    for one in drawn:
        assert one.held[INSIDE].all()
        assert one.held[64 - 12 : 64 + 12, 19 - 10 : 19 + 10].all(), "an anchor is wider than four cells of a latent"
        assert np.array_equal(one.frame[one.held], cat[one.held])
        assert not (one.held & one.moved).any()
        assert one.moved[109, 150]
    assert np.array_equal(draft.may_move, ~drawn[0].held)
    chunk = FrameChunk(1, np.full((2, *cat.shape), 7, np.uint8))
    assert draft.kept(cat, chunk) is chunk, "the rest of the picture is the model's"


def test_where_nothing_may_move_the_still_is_kept(cat: RGB) -> None:
    corner = box("auto") | {"outlines": [[[800, 0], [1000, 0], [1000, 200]]]}
    draft, drawn = said(cat, only=True, regions=[box("sway"), corner])
    assert all(one.held[OUTSIDE].all() and one.moved[INSIDE].all() for one in drawn)
    assert not (drawn[1].held | drawn[1].moved)[5, 185], "as the picture says: the model knows better"
    kept = draft.kept(cat, FrameChunk(1, np.full((2, *cat.shape), 7, np.uint8))).frames
    assert np.array_equal(kept[1][OUTSIDE], cat[OUTSIDE])
    assert (kept[1][INSIDE] == 7).all()
    assert (kept[1][:14, 186:190] == 7).all()


def test_marks_go_along_with_the_camera(cat: RGB) -> None:
    draft, drawn = said(cat, camera={"keys": [{}, {"t": 1, "zoom": 1.3}], "depth": 0}, regions=[box("still")])
    areas = [one.held.sum() for one in drawn]
    assert areas[-1] == pytest.approx(1.69 * areas[0], rel=0.03)
    assert (drawn[-1].held | drawn[-1].moved).mean() > 0.999, "a camera that only zooms bares nothing"
    chunk = FrameChunk(0, drawn[-1].frame[None])
    assert draft.kept(cat, chunk) is chunk
    height, width = cat.shape[:2]
    closer = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), 0, 1.3)
    there = cv2.warpAffine(cat, closer, (width, height), flags=cv2.INTER_CUBIC)
    off = np.abs(drawn[-1].frame.astype(int) - there)[drawn[-1].held]
    assert off.mean() < 2, "and they show the same part"


def test_what_a_camera_bares_is_left_to_the_model(landscape: RGB) -> None:
    _, drawn = said(landscape, camera={"keys": [{}, {"t": 1, "orbit": 8}], "aim": [650, 800]})
    marked = [one.moved.mean() for one in drawn]
    assert marked[0] == 1
    assert 0.5 < marked[-1] < 0.999


def test_a_way_that_leaves_the_picture_is_told(cat: RGB) -> None:
    draft, _ = said(cat, camera={"keys": [{}, {"t": 1, "x": 900, "zoom": 1.1}]})
    assert draft.told.startswith("The camera would have left the picture")


def test_a_thing_that_goes_somewhere_is_marked_where_it_is_and_where_it_was(landscape: RGB) -> None:
    post = [[600, 156], [700, 156], [700, 833], [600, 833]]
    part = {"outlines": [post], "do": "move", "path": [[650, 500], [450, 500]]}
    draft, drawn = said(landscape, only=True, regions=[part])
    row, here, there = 100, slice(198, 218), slice(134, 154)
    first, last = drawn[0], drawn[-1]
    assert np.array_equal(first.frame, landscape)
    assert np.abs(last.frame[row, there].astype(int) - (70, 20, 20)).max() < 12, "the post is there"
    assert first.held[row, there].all()
    assert last.moved[row, there].all()
    assert last.moved[row, here].all(), "where it was, it is not to be again"
    assert not last.held[row, here].any()
    kept = draft.kept(landscape, FrameChunk(FRAMES - 1, np.full((1, *landscape.shape), 7, np.uint8))).frames[0]
    assert (kept[row, there] == 7).all()
    assert np.array_equal(kept[row, 240:], landscape[row, 240:])
