"""The poster of a clip and the moving preview of a job."""

import io
import time

import numpy as np
import pytest
from PIL import Image

from media.clip import write_clip
from media.preview import poster, preview_webp
from pipelines.errors import ClipError
from tests.media.clips import chunked, moving_frames, spec_of
from tests.media.pictures import CORNERS, close, corner_colours, quarters


def test_the_poster_is_the_first_frame_in_its_colours(tmp_path):
    frames = np.stack([quarters(128, 128), np.zeros((128, 128, 3), np.uint8)])
    write_clip(tmp_path / "clip.mp4", chunked(frames), spec_of(frames))
    for jpeg in (poster(tmp_path / "clip.mp4"), poster(frames[0])):
        image = Image.open(io.BytesIO(jpeg), formats=["JPEG"])
        assert image.size == (128, 128)
        assert close(corner_colours(np.array(image)), CORNERS, 6)


def test_no_clip_has_no_poster(tmp_path):
    with pytest.raises(ClipError):
        poster(tmp_path / "absent.mp4")


@pytest.mark.parametrize(("fps", "milliseconds"), [(7, 143), (12.5, 80), (23.976, 42), (1, 1000)])
def test_the_preview_moves_and_loops(fps, milliseconds):
    frames = moving_frames(5, 96, 64)
    image = Image.open(io.BytesIO(preview_webp(frames, fps)), formats=["WEBP"])
    assert (image.n_frames, image.size, image.info["loop"]) == (5, (96, 64), 0)
    for index in range(5):
        image.seek(index)
        image.load()
        assert image.info["duration"] == milliseconds
        assert np.abs(np.array(image.convert("RGB")).astype(int) - frames[index]).mean() < 6


def test_a_preview_of_one_frame():
    assert Image.open(io.BytesIO(preview_webp(moving_frames(1, 96, 64), 7))).size == (96, 64)


def test_the_preview_is_quick():
    frames = moving_frames(25, 128, 72)
    started = time.perf_counter()
    preview_webp(frames, 7)
    assert time.perf_counter() - started < 2.0
