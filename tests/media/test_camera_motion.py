"""The camera of a clip is found again, whatever moves before it; what has none is refused in a sentence."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from media.camera_motion import camera_of
from media.clip import write_clip
from media.spec import ClipSpec
from pipelines.direction import direction_of
from pipelines.errors import ClipError, InputError
from tests.media.clips import chunked, spec_of

SIZE = (480, 270)

PHOTO = cv2.imread(str(Path(__file__).parents[2] / "assets" / "stills" / "colosseum.jpg"))


def filmed(path, ways, frames=24, fps=Fraction(12)):
    """A clip of a photo through windows that go from one (x, y, zoom, roll) to the other, with a ball flying by."""
    height, width = PHOTO.shape[:2]
    shown = []
    for index in range(frames):
        x, y, zoom, roll = ways[0] + (np.array(ways[1]) - ways[0]) * index / (frames - 1)
        window = cv2.getRotationMatrix2D((x * width, y * height), roll, zoom * SIZE[0] / width)
        window[:, 2] += np.array(SIZE) / 2 - (x * width, y * height)
        frame = cv2.warpAffine(PHOTO, window, SIZE, flags=cv2.INTER_AREA)
        shown.append(cv2.circle(frame, (20 * index, 150), 30, (0, 200, 255), -1)[..., ::-1])
    frames = np.stack(shown)
    write_clip(path, chunked(frames), spec_of(frames, fps))
    return path


def test_the_way_of_the_camera_is_found_again(tmp_path):
    keys = camera_of(filmed(tmp_path / "clip.mp4", [np.array([0.5, 0.5, 1.2, 0]), (0.55, 0.46, 1.8, 4)]))
    assert direction_of({"camera": {"keys": keys}}).parts == {"camera"}
    first, last = keys[0], keys[-1]
    assert (first["t"], last["t"]) == (0, 1)
    # how it went, as seen from its first frame: the clip does not tell how much of the photo that was
    shown = 1.2
    assert last["zoom"] / first["zoom"] == pytest.approx(1.8 / 1.2, rel=0.02)
    assert (last["x"] - first["x"]) * first["zoom"] == pytest.approx(50 * shown, abs=5)
    assert last["roll"] - first["roll"] == pytest.approx(4, abs=0.4)
    middle = keys[len(keys) // 2]
    assert first["zoom"] < middle["zoom"] < last["zoom"]


def test_no_moment_shows_what_is_outside(tmp_path):
    for key in camera_of(filmed(tmp_path / "clip.mp4", [np.array([0.4, 0.5, 2.0, 0]), (0.6, 0.5, 1.4, 0)])):
        half = 500 / key["zoom"]
        assert half - 1 <= key["x"] <= 1001 - half
        assert half - 1 <= key["y"] <= 1001 - half


def test_a_clip_that_was_filmed_sideways_is_followed_upright(tmp_path):
    plain = filmed(tmp_path / "plain.mp4", [np.array([0.4, 0.5, 2.0, 0]), (0.6, 0.5, 2.0, 0)])
    turned = tmp_path / "turned.mp4"
    turned.write_bytes(on_its_side(plain.read_bytes()))
    upright, sideways = (
        {name: abs(keys[-1][name] - keys[0][name]) for name in "xy"} for keys in (camera_of(plain), camera_of(turned))
    )
    assert upright["x"] > 100
    assert upright["y"] < 20
    assert sideways["x"] < 20
    assert sideways["y"] > 100


def on_its_side(clip):
    """An MP4 whose track says that it is to be shown turned by a quarter (ISO/IEC 14496-12, section 8.3.2)."""
    matrix = clip.index(b"tkhd") + 4 + 40
    return clip[:matrix] + struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30) + clip[matrix + 36 :]


def test_frames_of_an_odd_shape_are_refused_before_they_are_decoded(tmp_path):
    thin = np.zeros((3, 1200, 16, 3), np.uint8)
    write_clip(tmp_path / "thin.mp4", chunked(thin), spec_of(thin))
    with pytest.raises(InputError, match="16 x 1200 pixels cannot be followed"):
        camera_of(tmp_path / "thin.mp4")


def test_what_has_no_camera_to_follow_is_told(tmp_path):
    photo = tmp_path / "photo.mp4"
    photo.write_bytes(b"\xff\xd8\xff" + bytes(100))
    with pytest.raises(ClipError, match="cannot be read as an MP4"):
        camera_of(photo)
    grey = np.full((12, 90, 160, 3), 128, np.uint8)
    write_clip(tmp_path / "grey.mp4", chunked(grey), spec_of(grey))
    with pytest.raises(InputError, match="cannot be followed"):
        camera_of(tmp_path / "grey.mp4")
    long = np.repeat(cv2.resize(PHOTO, (160, 90))[None], 70, 0)
    write_clip(tmp_path / "long.mp4", chunked(long), ClipSpec(160, 90, 70, Fraction(1)))
    with pytest.raises(InputError, match="longer than 60 seconds"):
        camera_of(tmp_path / "long.mp4")
