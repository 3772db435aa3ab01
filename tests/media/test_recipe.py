"""A clip gives back the recipe that was put in; a stranger's file gives nothing else."""

import json
import struct

import pytest

from media.clip import write_clip
from media.recipe import read_recipe
from pipelines.errors import ClipError
from pipelines.request import MotionRequest, parse_request
from tests.media.clips import chunked, moving_frames, spec_of

FRAMES = moving_frames(2, 64, 64)


def clip_with(tmp_path, recipe):
    write_clip(tmp_path / "clip.mp4", chunked(FRAMES), spec_of(FRAMES, recipe=recipe))
    return tmp_path / "clip.mp4"


def test_a_request_comes_back_equal(tmp_path):
    request = MotionRequest(seed=2**32 - 1, noise_aug_strength=0.1, backdrop="#a0B1c2")
    path = clip_with(tmp_path, request.model_dump_json())
    assert parse_request(read_recipe(path)) == request


@pytest.mark.parametrize(
    "recipe",
    [
        {"title": "Überraschung — 日本語 🦦"},
        {"quote": '";=\\\n#[x]', "nested": {"list": [1, 2.5, None]}},
        {"long": "x" * 20000},
    ],
)
def test_every_letter_is_kept(tmp_path, recipe):
    assert read_recipe(clip_with(tmp_path, json.dumps(recipe, ensure_ascii=False))) == recipe


@pytest.mark.parametrize("comment", ["", "shot on holiday", "[1, 2]", "3", "{broken", "[" * 30000, "{}" + " " * 70000])
def test_a_clip_without_a_recipe(tmp_path, comment):
    with pytest.raises(ClipError, match="This file carries no Stillmotion recipe"):
        read_recipe(clip_with(tmp_path, comment))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 0),
        b"\x00\x00\x00\x01mdat" + bytes(40),
        bytes(range(256)) * 8,
    ],
)
def test_what_is_no_clip_is_refused_and_not_followed(tmp_path, content):
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    with pytest.raises(ClipError, match="cannot be read as an MP4 clip"):
        read_recipe(path)


def test_a_playlist_is_not_followed_even_to_a_good_clip(tmp_path):
    clip_with(tmp_path, '{"seed": 1}')
    (tmp_path / "list.mp4").write_text("ffconcat version 1.0\nfile clip.mp4\n")
    with pytest.raises(ClipError, match="cannot be read as an MP4 clip"):
        read_recipe(tmp_path / "list.mp4")


def test_a_clip_that_is_not_there(tmp_path):
    with pytest.raises(ClipError):
        read_recipe(tmp_path / "absent.mp4")


def test_a_sound_file_is_refused(tmp_path):
    import av
    import numpy as np

    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=8000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 8000
        container.mux(stream.encode(sound))
        container.mux(stream.encode())
    with pytest.raises(ClipError, match="no picture"):
        read_recipe(tmp_path / "sound.mp4")
