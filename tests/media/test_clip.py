"""Finished clips, read back by a reader of their own."""

import json
import os
import re
import tracemalloc
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from media.clip import write_clip
from media.probe import BT709, ClipFacts, probe_clip
from media.recipe import read_recipe
from media.spec import ClipSpec, exact_rate
from media.stills import open_still
from pipelines.contract import FrameChunk
from pipelines.errors import ClipError
from pipelines.request import parse_request
from tests.media.clips import chunked, decoded, moving_frames, spec_of
from tests.media.pictures import CORNERS, close, corner_colours, exif, quarters, saved

RATES = [
    (7, Fraction(7)),
    (1, Fraction(1)),
    (12.5, Fraction(25, 2)),
    (23.976, Fraction(24000, 1001)),
    (23.98, Fraction(24000, 1001)),
    (24, Fraction(24)),
    (29.97, Fraction(30000, 1001)),
    (59.94, Fraction(60000, 1001)),
    (60, Fraction(60)),
    (10.1, Fraction(101, 10)),
]


@pytest.mark.parametrize(("fps", "exact"), RATES)
def test_rates_are_exact_from_the_slider_to_the_file(tmp_path, fps, exact):
    assert exact_rate(fps) == exact
    frames = moving_frames(5, 64, 64)
    facts = write_clip(tmp_path / "clip.mp4", chunked(frames), spec_of(frames, exact))
    _, times = decoded(tmp_path / "clip.mp4")
    assert facts.fps == exact
    assert times == [index / exact for index in range(5)]
    with av.open(str(tmp_path / "clip.mp4")) as container:
        assert container.streams.video[0].average_rate == exact
        assert container.streams.video[0].duration * container.streams.video[0].time_base == 5 / exact


@pytest.mark.parametrize("num_frames", [1, 2, 3, 8, 14, 25])
def test_every_frame_arrives_and_none_twice(tmp_path, num_frames):
    frames = moving_frames(num_frames, 128, 64)
    facts = write_clip(tmp_path / "clip.mp4", chunked(frames, 3), spec_of(frames))
    found, _ = decoded(tmp_path / "clip.mp4")
    assert facts.num_frames == len(found) == num_frames
    assert facts.seconds == pytest.approx(num_frames / 7, abs=1e-3)
    for index, frame in enumerate(found):
        distances = [np.abs(frame.astype(int) - other).mean() for other in frames]
        assert np.argmin(distances) == index


@pytest.mark.parametrize("size", [(64, 64), (1024, 576), (576, 1024), (320, 192), (66, 130)])
def test_sizes_are_kept_to_the_pixel(tmp_path, size):
    frames = moving_frames(2, *size)
    facts = write_clip(tmp_path / "clip.mp4", chunked(frames), spec_of(frames))
    found, _ = decoded(tmp_path / "clip.mp4")
    assert (facts.width, facts.height) == size
    assert found.shape == frames.shape
    assert np.abs(found.astype(int) - frames).mean() < 2


def test_saturated_colours_come_back(tmp_path):
    frames = np.repeat(quarters(128, 128)[None], 3, axis=0)
    write_clip(tmp_path / "clip.mp4", chunked(frames), spec_of(frames))
    found, _ = decoded(tmp_path / "clip.mp4")
    for frame in found:
        assert close(corner_colours(frame), CORNERS, 4)


def test_black_and_white_use_the_limited_range(tmp_path):
    frames = np.zeros((2, 64, 128, 3), np.uint8)
    frames[:, :, 64:] = 255
    write_clip(tmp_path / "clip.mp4", chunked(frames), spec_of(frames))
    with av.open(str(tmp_path / "clip.mp4")) as container:
        luma = next(container.decode(video=0)).to_ndarray()[:64]
    assert close(luma[32, 20], 16, 1)
    assert close(luma[32, 108], 235, 1)


def test_the_file_is_what_every_browser_plays(tmp_path):
    frames = moving_frames(4, 64, 64)
    write_clip(tmp_path / "clip.mp4", chunked(frames), spec_of(frames))
    content = (tmp_path / "clip.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    assert b"mdta" in write_with_recipe(tmp_path / "tagged.mp4", frames)
    with av.open(str(tmp_path / "clip.mp4")) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        assert (context.name, context.pix_fmt, context.profile) == ("h264", "yuv420p", "High")
        assert (context.color_primaries, context.color_trc, context.colorspace) == (BT709, BT709, BT709)
        assert context.color_range == 1
        assert len(container.streams) == 1


def write_with_recipe(path, frames):
    write_clip(path, chunked(frames), spec_of(frames, recipe='{"seed": 4}'))
    return path.read_bytes()


def test_the_file_is_on_the_disk_before_it_gets_its_name(tmp_path, monkeypatch):
    path = tmp_path / "clip.mp4"
    synced = []

    def watched_fsync(opened):
        synced.append((Path(f"/proc/self/fd/{opened}").readlink().name, path.exists()))
        real_fsync(opened)

    real_fsync = os.fsync
    monkeypatch.setattr(os, "fsync", watched_fsync)
    write_with_recipe(path, moving_frames(2, 64, 64))
    (partial, was_there), *after = synced
    assert re.fullmatch(r"clip\.mp4\.\w+\.partial", partial) and not was_there
    assert after == [(tmp_path.name, True)]


def test_the_facts_are_those_of_a_second_probe(tmp_path):
    frames = moving_frames(4, 64, 64)
    facts = write_clip(tmp_path / "clip.mp4", chunked(frames), spec_of(frames, recipe='{"seed": 4}'))
    assert isinstance(facts, ClipFacts)
    assert probe_clip(tmp_path / "clip.mp4") == facts
    assert facts.faststart
    assert facts.recipe == '{"seed": 4}'


def test_only_the_finished_clip_is_left_and_it_replaces_an_older_one(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"an older clip")
    frames = moving_frames(3, 64, 64)
    write_clip(path, chunked(frames), spec_of(frames))
    assert [each.name for each in tmp_path.iterdir()] == ["clip.mp4"]
    assert probe_clip(path).num_frames == 3


def test_names_with_odd_letters_are_taken_as_they_are(tmp_path):
    frames = moving_frames(2, 64, 64)
    for name in ("Üb er%d.mp4", "concat:a|b.mp4", "-y.mp4"):
        write_clip(tmp_path / name, chunked(frames), spec_of(frames))
        assert probe_clip(tmp_path / name).num_frames == 2


def test_frames_are_taken_one_chunk_at_a_time(tmp_path):
    """Ninety frames of 1 MB each would show if they were kept."""

    def chunks():
        for start in range(0, 90, 2):
            yield FrameChunk(start, np.full((2, 576, 640, 3), start, np.uint8))

    tracemalloc.start()
    write_clip(tmp_path / "clip.mp4", chunks(), ClipSpec(640, 576, 90, Fraction(30)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12_000_000


def test_frames_need_not_lie_in_one_piece(tmp_path):
    frames = moving_frames(3, 64, 64)[:, :, ::-1]
    write_clip(tmp_path / "clip.mp4", chunked(frames), spec_of(frames))
    found, _ = decoded(tmp_path / "clip.mp4")
    assert np.abs(found.astype(int) - frames).mean() < 2


def test_a_spec_is_made_from_a_request():
    request = parse_request({"width": 576, "height": 320, "num_frames": 9, "fps": 6, "playback_fps": 23.976})
    spec = ClipSpec.for_request(request, "{}")
    assert (spec.width, spec.height, spec.num_frames) == (576, 320, 9)
    assert spec.fps == Fraction(24000, 1001)
    assert spec.seconds == pytest.approx(9 * 1001 / 24000)


@pytest.mark.parametrize("size", [(65, 64), (64, 63)])
def test_odd_sizes_are_refused(tmp_path, size):
    with pytest.raises(ClipError, match="even sizes"):
        write_clip(tmp_path / "clip.mp4", [], ClipSpec(*size, 3, Fraction(7)))


@pytest.mark.parametrize(("num_frames", "fps"), [(0, Fraction(7)), (3, Fraction(0)), (3, Fraction(-1))])
def test_empty_clips_are_refused(num_frames, fps):
    with pytest.raises(ClipError, match="at least one frame"):
        ClipSpec(64, 64, num_frames, fps)


def test_where_a_photo_was_taken_never_reaches_the_clip(tmp_path):
    photo = saved(Image.fromarray(quarters(64, 64)), "JPEG", exif=exif(1), quality=95)
    assert b"CameraOfSomebody" in photo
    frames = np.repeat(open_still(photo).rgb[None], 3, axis=0)
    recipe = json.dumps({"seed": 1})
    write_clip(tmp_path / "clip.mp4", chunked(frames), spec_of(frames, recipe=recipe))
    content = (tmp_path / "clip.mp4").read_bytes()
    coordinates = exif(1)[-48:]
    assert coordinates in photo
    for secret in (b"CameraOfSomebody", b"Exif", b"GPS", coordinates, str(tmp_path).encode()):
        assert secret not in content
    with av.open(str(tmp_path / "clip.mp4")) as container:
        assert set(container.metadata) == {"major_brand", "minor_version", "compatible_brands", "comment", "encoder"}
    assert read_recipe(tmp_path / "clip.mp4") == {"seed": 1}
