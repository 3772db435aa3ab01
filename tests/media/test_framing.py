"""Stills come to the clip's size by cropping or padding, never by stretching."""

import tracemalloc

import numpy as np
import pytest

from media.framing import CENTRE, anchor_from_subject, anchor_of, crop_window, frame_still
from media.stills import Still, open_still
from pipelines.request import parse_request
from tests.conftest import ROOT
from tests.media.pictures import CORNERS, close, corner_colours, quarters

SIZES = [(1000, 300), (300, 1000), (640, 640), (1023, 577), (37, 401), (64, 64), (1024, 576)]
SHAPES = [(1024, 576), (576, 1024), (320, 320), (128, 512)]


def request(width=256, height=128, **fields):
    return parse_request({"width": width, "height": height, **fields})


def picture_with_disc(width, height, place=CENTRE, radius=60):
    """A white disc with a smooth edge on blue, uint8 `[height, width, 3]`."""
    y, x = np.mgrid[:height, :width] + 0.5
    share = np.clip(radius + 0.5 - np.hypot(x - place[0] * width, y - place[1] * height), 0, 1)[..., None]
    return np.rint(share * np.array((255, 255, 255)) + (1 - share) * np.array((0, 0, 120))).astype(np.uint8)


def extent(frame):
    """Width and height of the disc in pixels and parts of them, along its longest row and column."""
    bright = frame[..., 0] / 255
    return bright.sum(axis=1).max(), bright.sum(axis=0).max()


def without_padding(frame, size):
    """The part of a padded frame that shows the still of `size`."""
    height, width = frame.shape[:2]
    scale = min(width / size[0], height / size[1])
    wide, high = round(size[0] * scale), round(size[1] * scale)
    left, top = (width - wide) // 2, (height - high) // 2
    return frame[top : top + high, left : left + wide]


@pytest.mark.parametrize("fit", ["crop", "pad"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", SIZES)
def test_the_frame_has_the_size_of_the_clip(size, shape, fit):
    frame = frame_still(Still(quarters(*size)), request(*shape, fit=fit))
    assert frame.shape == (shape[1], shape[0], 3)
    assert frame.dtype == np.uint8


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", SIZES)
def test_the_crop_has_the_shape_of_the_clip_and_lies_inside(size, shape):
    for anchor in (None, (0.0, 0.0), (0.93, 0.2), (1.0, 1.0)):
        left, top, right, bottom = crop_window(size, request(*shape), anchor)
        assert 0 <= left < right <= size[0]
        assert 0 <= top < bottom <= size[1]
        assert (right - left) * shape[1] == pytest.approx((bottom - top) * shape[0], rel=1e-9)
        assert right - left == pytest.approx(size[0]) or bottom - top == pytest.approx(size[1])


@pytest.mark.parametrize("fit", ["crop", "pad"])
@pytest.mark.parametrize("shape", [(512, 256), (256, 512), (384, 384)])
def test_a_circle_stays_a_circle(shape, fit):
    for size in ((700, 400), (401, 900), (640, 641)):
        frame = frame_still(Still(picture_with_disc(*size)), request(*shape, fit=fit))
        wide, high = extent(frame if fit == "crop" else without_padding(frame, size))
        scale = (max if fit == "crop" else min)(shape[0] / size[0], shape[1] / size[1])
        assert wide == pytest.approx(120 * scale, abs=1)
        assert abs(wide - high) < 0.7


def test_a_still_of_the_right_size_is_not_touched():
    rgb = quarters(256, 128)
    for fit in ("crop", "pad"):
        assert np.array_equal(frame_still(Still(rgb), request(fit=fit)), rgb)


def test_the_crop_sits_in_the_middle_without_an_anchor():
    assert crop_window((400, 100), request(128, 128)) == (150, 0, 250, 100)


@pytest.mark.parametrize(("chosen", "left"), [(0.0, 0), (0.25, 75), (1.0, 300)])
def test_a_chosen_anchor_moves_the_crop_from_edge_to_edge(chosen, left):
    placed = request(128, 128, anchor_x=chosen)
    assert crop_window((400, 100), placed, (0.9, 0.9)) == (left, 0, left + 100, 100)


@pytest.mark.parametrize(("place", "top"), [(0.5, 150), (0.3, 70), (0.0, 0), (0.05, 0), (0.97, 300)])
def test_the_crop_is_centred_on_the_subject_within_the_edges(place, top):
    assert crop_window((100, 400), request(128, 128), (0.5, place)) == (0, top, 100, top + 100)


def test_one_direction_can_be_chosen_while_the_other_follows_the_subject():
    left, top, _, _ = crop_window((100, 400), request(128, 128, anchor_x=1.0), (0.1, 0.3))
    assert (left, top) == (0, 70)


def test_the_subject_is_in_the_frame():
    still = Still(picture_with_disc(1200, 300, place=(0.8, 0.5)))
    frame = frame_still(still, request(256, 256), (0.8, 0.5))
    assert close(frame[128, 128], (255, 255, 255), 1)
    assert close(frame_still(still, request(256, 256))[128, 128], (0, 0, 120), 1)


def test_pad_shows_the_whole_still_with_a_blurred_copy_around():
    frame = frame_still(Still(quarters(300, 300)), request(512, 256, fit="pad"))
    inside = frame[:, 128:384]
    assert close(corner_colours(inside), CORNERS, 2)
    around = np.concatenate([frame[:, :128], frame[:, 384:]], axis=1).astype(int)
    steps = np.abs(np.diff(around[:, :128], axis=0)).max()
    assert steps <= 12
    assert around.std(axis=(0, 1)).max() > 5
    assert around[:64, :64, 0].mean() > around[192:, :64, 0].mean()


def test_see_through_stills_are_framed_without_fringes():
    rgb = np.zeros((300, 300, 3), np.uint8)
    alpha = np.zeros((300, 300), np.uint8)
    rgb[100:200, 100:200], alpha[100:200, 100:200] = (250, 250, 250), 255
    for fit in ("crop", "pad"):
        frame = frame_still(Still(rgb, alpha), request(256, 256, fit=fit, backdrop="#fafafa"))
        assert close(frame, np.full_like(frame, 250), 2)


@pytest.mark.parametrize("size", [(640, 640), (1023, 577), (3001, 1999), (2000, 40), (40, 2000)])
@pytest.mark.parametrize("fit", ["crop", "pad"])
def test_a_see_through_still_sits_where_an_opaque_one_would(size, fit):
    rgb = picture_with_disc(*size, radius=min(size) / 5)
    wanted = request(256, 128, fit=fit)
    solid = frame_still(Still(rgb), wanted)
    layered = frame_still(Still(rgb, np.full(rgb.shape[:2], 255, np.uint8)), wanted)
    inside = (slice(None), slice(None)) if fit == "crop" else _inside(solid, size)
    assert np.abs(solid[inside].astype(int) - layered[inside]).mean() < 1.5


def _inside(frame, size):
    height, width = without_padding(frame, size).shape[:2]
    top, left = (frame.shape[0] - height) // 2, (frame.shape[1] - width) // 2
    margin = 2 if min(height, width) > 8 else 0
    return slice(top + margin, top + height - margin), slice(left + margin, left + width - margin)


def test_a_padded_see_through_still_has_its_backdrop_everywhere():
    alpha = np.zeros((300, 300), np.uint8)
    alpha[100:200, 100:200] = 255
    frame = frame_still(Still(quarters(300, 300), alpha), request(512, 256, fit="pad", backdrop="#0a64c8"))
    assert close(frame[:, :200], np.broadcast_to((10, 100, 200), (256, 200, 3)), 0)
    assert close(frame[120, 250], CORNERS[0], 8)


def test_hidden_colours_of_a_large_still_never_show():
    rgb = np.full((1600, 1600, 3), (0, 255, 0), np.uint8)
    alpha = np.zeros((1600, 1600), np.uint8)
    rgb[403:1201, 403:1201], alpha[403:1201, 403:1201] = (200, 40, 30), 255
    for fit in ("crop", "pad"):
        frame = frame_still(Still(rgb, alpha), request(256, 128, fit=fit, backdrop="#c8281e"))
        assert close(frame, np.broadcast_to((200, 40, 30), frame.shape), 2)


def test_a_long_see_through_panorama_takes_little_memory():
    still = Still(np.zeros((40, 20000, 3), np.uint8), np.full((40, 20000), 200, np.uint8))
    tracemalloc.start()
    frame_still(still, request(256, 128, fit="pad"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


def test_enlarging_keeps_colours_in_range():
    frame = frame_still(Still(quarters(20, 20)), request(512, 512))
    assert close(corner_colours(frame), CORNERS, 2)


def test_the_anchor_is_the_middle_of_the_subject():
    mask = np.zeros((100, 200), np.float32)
    mask[60:80, 140:160] = 1
    assert anchor_from_subject(mask) == pytest.approx((0.75, 0.7), abs=0.01)


def test_a_standing_figure_keeps_its_head():
    mask = np.zeros((400, 300), np.float32)
    mask[40:100, 130:170] = 1
    mask[100:380, 110:190] = 1
    x, y = anchor_from_subject(mask)
    assert x == pytest.approx(0.5, abs=0.01)
    window = crop_window((300, 400), request(1024, 576), (x, y))
    assert window[1] <= 40
    assert window[3] >= 150


def test_a_lying_figure_is_simply_centred():
    mask = np.zeros((300, 400), np.float32)
    mask[150:210, 50:350] = 1
    assert anchor_from_subject(mask) == pytest.approx((0.5, 0.6), abs=0.01)


@pytest.mark.parametrize("mask", [np.zeros((9, 9)), np.full((9, 9), 0.001), np.full((9, 9), np.nan)])
def test_no_subject_gives_the_centre(mask):
    assert anchor_from_subject(mask.astype(np.float32)) == CENTRE


def test_a_wide_crop_of_a_portrait_keeps_the_head() -> None:
    portrait = np.zeros((300, 300))
    portrait[30:300, 60:240] = 1
    portrait[30:90, 110:190] = 1
    portrait[30:90, 60:110] = portrait[30:90, 190:240] = 0
    request = parse_request({"width": 1024, "height": 576})
    _, top, _, _ = crop_window((300, 300), request, anchor_from_subject(portrait))
    assert top <= 30


def test_a_large_still_has_its_subject_where_a_small_one_has_it() -> None:
    small = open_still(ROOT / "assets" / "stills" / "heron.jpg")
    large = Still(np.ascontiguousarray(small.rgb.repeat(5, 0).repeat(5, 1)))
    assert anchor_of(large) == pytest.approx(anchor_of(small), abs=0.01)
