"""Files and wishes that would cost anybody minutes or gigabytes: bounded, in words."""

from __future__ import annotations

import struct
import time
import tracemalloc
import zipfile

import numpy as np
import pytest

from media.clip import write_clip
from media.export.formats import FORMATS
from media.export.order import Export, save_as
from media.finish import soundtrack as sounds
from media.finish.plan import Finish
from media.finish.soundtrack import soundtrack
from media.recipe import MOST_LISTED, RECIPE_FILE, read_recipe
from media.video import SOUND_RATE
from pipelines.errors import ClipError, InputError, RequestError
from tests.media.clips import chunked, moving_frames, spec_of

HANG_S = 60.0
"""Seconds that only what grows with the square of the input takes."""


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    frames = moving_frames(6, 1024, 576)
    write_clip(path, chunked(frames), spec_of(frames))
    return path


@pytest.mark.parametrize("name", ["apng", "gif", "webp", "zip"])
def test_more_pixels_than_anybody_waits_for_are_refused_with_a_cure(clip, tmp_path, name):
    wish = Export(FORMATS[name], Finish(larger=4, smoother=4, loop="ping-pong"))
    begun = time.monotonic()
    with pytest.raises(
        RequestError, match=r"40 frames of 4096x2304 are 377 megapixels; .* up to 120\. Choose MP4, less"
    ):
        save_as(clip, tmp_path / f"out{FORMATS[name].suffix}", wish)
    assert time.monotonic() - begun < HANG_S
    assert list(tmp_path.iterdir()) == []


def test_a_picture_of_one_frame_may_be_large(clip, tmp_path):
    assert save_as(clip, tmp_path / "out.jpg", Export(FORMATS["poster"], Finish(larger=4))).width == 4096


def test_a_long_list_of_contents_is_not_read(tmp_path):
    path = tmp_path / "many.zip"
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0) + b"name"
    count = 200_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, count * len(entry), 0, 0)
    path.write_bytes(entry * count + end)
    reads = []
    real = zipfile.ZipFile._RealGetContents

    def noted(self):
        real(self)
        reads.append(len(self.filelist))

    with pytest.MonkeyPatch.context() as patch, pytest.raises(ClipError):
        patch.setattr(zipfile.ZipFile, "_RealGetContents", noted)
        # a zip is known by how it begins
        path.write_bytes(b"PK\x03\x04" + path.read_bytes())
        read_recipe(path)
    assert reads == []


def test_a_recipe_that_unpacks_without_end_is_not_unpacked(tmp_path):
    path, size = tmp_path / "bomb.zip", 200_000_000
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(RECIPE_FILE, bytes(size))
    tracemalloc.start()
    try:
        with pytest.raises(ClipError):
            read_recipe(path)
        assert tracemalloc.get_traced_memory()[1] < size / 20
    finally:
        tracemalloc.stop()


def test_the_longest_zip_of_ours_is_read(tmp_path):
    path = tmp_path / "long.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(1, 3811):
            archive.writestr(f"{number:04d}.png", b"")
        archive.writestr(RECIPE_FILE, '{"made_with": "Stillmotion"}')
        assert archive.start_dir < MOST_LISTED * 2
    assert read_recipe(path)["made_with"] == "Stillmotion"


def test_sound_in_the_smallest_blocks_is_read_block_by_block(tmp_path, monkeypatch):
    """Blocks that tell how often they are looked at: each a few times, however many there are."""
    import av

    path = tmp_path / "tone.flac"
    tone = (np.sin(np.arange(SOUND_RATE) / 20) * 20000).astype(np.int16)
    with av.open(str(path), "w", format="flac") as container:
        stream = container.add_stream("flac", rate=SOUND_RATE, layout="mono")
        stream.codec_context.options = {"frame_size": "16"}
        frame = av.AudioFrame.from_ndarray(tone[None], "s16", "mono")
        frame.sample_rate = SOUND_RATE
        fifo = av.AudioFifo()
        fifo.write(frame)
        while part := fifo.read(stream.codec_context.frame_size or 16, partial=True):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    looks = []
    real = np.asarray

    class Counting(np.ndarray):
        def __len__(self):
            looks.append(1)
            return super().__len__()

    monkeypatch.setattr(sounds.np, "asarray", lambda *given, **more: real(*given, **more).view(Counting))
    begun = time.monotonic()
    heard = soundtrack(path, 1.0)
    blocks = len(tone) / 16
    assert len(heard) == SOUND_RATE
    assert np.abs(heard).max() > 0.3
    assert len(looks) < 10 * blocks
    assert time.monotonic() - begun < HANG_S


def test_a_soundtrack_of_hours_is_refused_in_words(tmp_path):
    with pytest.raises(InputError, match=r"too long for a soundtrack\. Choose a higher speed"):
        soundtrack(tmp_path / "song.mp3", 3600.0)
