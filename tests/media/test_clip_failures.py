"""Whatever fails: no file is left, and the person reads a sentence."""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import media.whole_file
from media import whole_file
from media.clip import write_clip
from media.probe import OUR_COLOURS, ColourTags, probe_clip, verify
from media.spec import ClipSpec
from media.video import H264
from pipelines.contract import FrameChunk
from pipelines.errors import BadFrames, Cancelled, ClipError, OutOfMemory
from tests.media.clips import chunked, moving_frames, spec_of

NOBODY = 65534
"""User id of the unprivileged user on Unix."""

FRAMES = moving_frames(6, 128, 128)


def refusal(path, chunks=None, spec=None):
    with pytest.raises(ClipError) as caught:
        write_clip(path, chunked(FRAMES) if chunks is None else chunks, spec or spec_of(FRAMES))
    assert caught.value.sentence.endswith(".")
    assert caught.value.remedy.endswith(".")
    assert str(path.parent) not in str(caught.value)
    return str(caught.value)


def failing(error, after=4):
    yield FrameChunk(0, FRAMES[:after])
    raise error


@pytest.mark.parametrize(
    "error", [Cancelled(), OutOfMemory("Too much.", "Less."), BadFrames("Not finite."), KeyboardInterrupt()]
)
def test_stops_and_our_own_errors_pass_unchanged(tmp_path, error):
    for after in (0, 4, 6):
        with pytest.raises(type(error)) as caught:
            write_clip(tmp_path / "clip.mp4", failing(error, after), spec_of(FRAMES))
        assert caught.value is error
        assert list(tmp_path.iterdir()) == []


def test_an_error_of_the_model_leaves_no_file(tmp_path):
    error = RuntimeError("CUDA: something with addresses 0xdeadbeef")
    with pytest.raises(ClipError, match="The frames stopped with an error of the model: RuntimeError") as caught:
        write_clip(tmp_path / "clip.mp4", failing(error), spec_of(FRAMES))
    assert caught.value.__cause__ is error
    assert "0xdeadbeef" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_an_os_error_of_the_model_is_not_taken_for_one_of_the_disk(tmp_path):
    assert "error of the model" in refusal(tmp_path / "clip.mp4", failing(OSError(28, "No space left on device")))


def test_an_older_clip_survives_a_failure(tmp_path):
    path = tmp_path / "clip.mp4"
    write_clip(path, chunked(FRAMES), spec_of(FRAMES))
    before = path.read_bytes()
    refusal(path, failing(ValueError()))
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("chunks", "words"),
    [
        ([], "gave 0 frames instead of 6"),
        ([FrameChunk(0, FRAMES[:5])], "gave 5 frames instead of 6"),
        ([FrameChunk(0, FRAMES), FrameChunk(6, FRAMES)], "gave 12 frames instead of 6"),
        ([FrameChunk(0, FRAMES[:3]), FrameChunk(4, FRAMES[:3])], "from 3 was due"),
        ([FrameChunk(0, FRAMES[:, :64])], "where uint8 128 x 128 from 0 was due"),
        ([FrameChunk(0, FRAMES.astype(np.float32))], "float32"),
        ([FrameChunk(0, FRAMES[..., :1])], "where uint8"),
    ],
)
def test_wrong_frames_are_refused(tmp_path, chunks, words):
    assert words in refusal(tmp_path / "clip.mp4", chunks)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_closes_the_model_at_once(tmp_path, partial):
    """Also while the error, and with it every variable on its way, is still being looked at."""
    noise = np.random.default_rng(2).integers(0, 255, (1, 256, 256, 3), dtype=np.uint8)
    given, closed = [], []

    def frames_of_a_model():
        try:
            for start in range(200):
                given.append(start)
                yield FrameChunk(start, np.roll(noise, start * 31, axis=1))
        finally:
            closed.append(True)

    partial.symlink_to("/dev/full")
    with pytest.raises(ClipError, match="The disk is full") as caught:
        write_clip(tmp_path / "clip.mp4", frames_of_a_model(), ClipSpec(256, 256, 200, Fraction(7)))
    assert caught.tb is not None
    assert len(given) < 200
    assert closed == [True]


def test_a_clip_that_is_not_right_gets_no_name(tmp_path, monkeypatch):
    late_index = replace(H264, container_options={"movflags": "+use_metadata_tags"})
    monkeypatch.setattr("media.clip.H264", late_index)
    assert "index behind the frames instead of before the frames" in refusal(tmp_path / "clip.mp4")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path):
    assert "folder cannot be written to" in refusal(tmp_path / "absent" / "clip.mp4")


def test_a_file_in_place_of_the_folder(tmp_path):
    (tmp_path / "file").write_text("")
    assert "folder cannot be written to" in refusal(tmp_path / "file" / "clip.mp4")


def test_a_folder_in_place_of_the_clip(tmp_path):
    (tmp_path / "clip.mp4").mkdir()
    assert "folder cannot be written to" in refusal(tmp_path / "clip.mp4")
    assert [each.name for each in tmp_path.iterdir()] == ["clip.mp4"]


@pytest.fixture
def read_only_folder():
    """A folder that this test really may not write to: also root, which may write anywhere, turns into nobody."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o555)
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    yield folder
    os.seteuid(user)
    shutil.rmtree(folder)


def test_a_read_only_folder(read_only_folder):
    assert "folder cannot be written to" in refusal(read_only_folder / "clip.mp4")
    assert list(read_only_folder.iterdir()) == []


@pytest.fixture
def partial(tmp_path, monkeypatch):
    """The name of the unfinished clip, which is another one each time, known beforehand."""
    path = tmp_path / "clip.mp4.partial"
    monkeypatch.setattr(whole_file, "partial_path", lambda _: path)
    return path


def test_a_full_disk_from_the_first_byte(tmp_path, partial):
    """The kernel's own full device stands where the unfinished clip is to be written."""
    path = tmp_path / "clip.mp4"
    partial.symlink_to("/dev/full")
    assert "The disk is full" in refusal(path)
    assert list(tmp_path.iterdir()) == []


LIMITED = """
import resource, sys
from pathlib import Path
from media.clip import write_clip
from pipelines.errors import ClipError
from tests.media.clips import chunked, moving_frames, spec_of

folder, limit = Path(sys.argv[1]), int(sys.argv[2])
frames = moving_frames(25, 256, 256)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    write_clip(folder / "clip.mp4", chunked(frames), spec_of(frames))
except ClipError as error:
    sys.stdout.write(str(error))
"""


def test_a_disk_that_fills_at_any_byte(tmp_path):
    """The kernel stops the file at a size: in the frames, in the index, in the move of the index to the front."""
    frames = moving_frames(25, 256, 256)
    write_clip(tmp_path / "clip.mp4", chunked(frames), spec_of(frames))
    whole = (tmp_path / "clip.mp4").stat().st_size
    (tmp_path / "clip.mp4").unlink()
    for limit in (10, whole // 2, whole - 600, whole - 1):
        run = subprocess.run(
            [sys.executable, "-c", LIMITED, str(tmp_path), str(limit)],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[2],
        )
        assert "The disk is full" in run.stdout, (limit, run.stdout, run.stderr)
        assert list(tmp_path.iterdir()) == []


def test_too_little_space_is_said_before_the_model_starts(tmp_path, monkeypatch):
    monkeypatch.setattr(media.whole_file, "FREE_SPACE_FLOOR", 2**62)

    def never():
        pytest.fail("the model was started")
        yield

    assert "The disk is almost full" in refusal(tmp_path / "clip.mp4", never())
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def facts(tmp_path):
    return write_clip(tmp_path / "clip.mp4", chunked(FRAMES), spec_of(FRAMES))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"codec": "mpeg4"}, "codec mpeg4 instead of h264"),
        ({"pix_fmt": "yuv444p"}, "pixel format yuv444p instead of yuv420p"),
        ({"width": 130}, "size (130, 128) instead of (128, 128)"),
        ({"num_frames": 5}, "number of frames 5 instead of 6"),
        ({"fps": Fraction(8)}, "frame rate 8 instead of 7"),
        ({"seconds": 0.2}, "length in frames 1 instead of 6"),
        ({"colours": ColourTags(2, 2, 2, 0)}, "colour tags"),
        ({"faststart": False}, "index behind the frames"),
        ({"recipe": "{}"}, "recipe changed"),
    ],
)
def test_every_wrong_fact_is_named(facts, change, words):
    assert facts.colours == OUR_COLOURS
    verify(facts, spec_of(FRAMES))
    with pytest.raises(ClipError) as caught:
        verify(replace(facts, **change), spec_of(FRAMES))
    assert words in str(caught.value)


def test_a_clip_that_was_cut_off_is_seen(tmp_path, facts):
    whole = (tmp_path / "clip.mp4").read_bytes()
    for length in (0, 20, 500, len(whole) // 2, len(whole) - 300):
        (tmp_path / "cut.mp4").write_bytes(whole[:length])
        with pytest.raises(ClipError):
            verify(probe_clip(tmp_path / "cut.mp4"), spec_of(FRAMES))


def test_a_clip_with_its_index_at_the_end_is_seen(tmp_path):
    import av

    with av.open(str(tmp_path / "late.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=7)
        stream.width = stream.height = 128
        for frame in FRAMES:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    found = probe_clip(tmp_path / "late.mp4")
    assert not found.faststart
    assert found.num_frames == 6
    with pytest.raises(ClipError, match="colour tags"):
        verify(found, spec_of(FRAMES))
