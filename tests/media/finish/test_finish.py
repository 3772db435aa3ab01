"""Finishing is frame-exact: n frames in, the documented number out, and the right ones."""

import wave
from fractions import Fraction

import av
import numpy as np
import pytest

from media.clip import write_clip
from media.export.formats import FORMATS
from media.export.order import Export, save_as
from media.finish.finished import FinishedFrames
from media.finish.plan import Finish, finished_rate, finished_size, moments, parse_finish
from pipelines.errors import InputError, RequestError
from tests.media.clips import chunked, moving_frames, spec_of

COUNTS = (1, 2, 3, 14, 25)


def numbered(count):
    """Frames that are one grey each: frame i is 8 i."""
    return np.stack([np.full((32, 48, 3), 8 * index, np.uint8) for index in range(count)])


def numbers(frames):
    return [round(float(frame.mean()) / 8) for frame in frames]


@pytest.mark.parametrize("count", COUNTS)
def test_ping_pong_comes_back_without_a_frame_shown_twice(count):
    found = numbers(FinishedFrames(numbered(count), Finish(loop="ping-pong")))
    assert len(found) == max(2 * count - 2, 1)
    assert found[:count] == list(range(count))
    assert found[count:] == list(range(count - 2, 0, -1))


@pytest.mark.parametrize("count", COUNTS)
def test_a_cross_fade_leads_from_the_end_into_the_start(count):
    frames = numbered(count)
    found = FinishedFrames(frames, Finish(loop="cross-fade"))
    fade = count // 4
    assert len(found) == count - fade
    if fade:
        seam = [float(found[len(found) - 1].mean()), float(found[0].mean())]
        assert abs(seam[1] - seam[0]) < abs(float(frames[0].mean()) - float(frames[-1].mean())) / 2


@pytest.mark.parametrize("count", COUNTS)
def test_reverse_and_trim(count):
    assert numbers(FinishedFrames(numbered(count), Finish(reverse=True))) == list(range(count))[::-1]
    if count > 3:
        assert numbers(FinishedFrames(numbered(count), Finish(first=1, last=count - 2))) == list(range(1, count - 1))


@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize("count", COUNTS)
def test_smoother_keeps_every_frame_and_puts_others_between(count, factor):
    frames = moving_frames(count, 64, 48)
    found = list(FinishedFrames(frames, Finish(smoother=factor)))
    assert len(found) == (count - 1) * factor + 1
    assert np.array_equal(np.stack(found[::factor]), frames)
    assert finished_rate(Finish(smoother=factor), Fraction(7)) == 7 * factor


def test_a_frame_between_two_moves_half_as_far_and_is_no_double_exposure():
    noise = np.random.default_rng(1).integers(0, 256, (12, 20, 3)).astype(np.uint8)
    texture = noise.repeat(12, axis=0).repeat(12, axis=1)
    clip = np.stack([texture[20:116, 20:180], texture[20:116, 12:172]])
    middle = FinishedFrames(clip, Finish(smoother=2))[1][16:-16, 16:-16].astype(float)
    truth = texture[20:116, 16:176][16:-16, 16:-16]
    averaged = clip.mean(0)[16:-16, 16:-16]
    assert np.abs(middle - truth).mean() < np.abs(averaged - truth).mean() / 3


def test_speed_changes_the_rate_and_no_frame():
    assert finished_rate(Finish(speed=0.5), Fraction(24000, 1001)) == Fraction(12000, 1001)
    assert len(moments(Finish(speed=4), 25)) == 25


def test_larger_is_the_same_picture():
    frames = moving_frames(2, 64, 48)
    found = FinishedFrames(frames, Finish(larger=2))
    assert found[1].shape == (96, 128, 3)
    assert np.abs(found[1][::2, ::2].astype(int) - frames[1]).mean() < 3


def test_larger_stops_where_no_player_follows():
    assert finished_size(Finish(larger=4), 2048, 1152) == (8192, 4608)
    assert finished_size(Finish(), 16384, 64) == (16384, 64)
    with pytest.raises(RequestError, match=r"16384 x 9216 pixels.*8192 on a side"):
        finished_size(Finish(larger=4), 4096, 2304)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"speed": 0}, "speed"),
        ({"loop": "spin"}, "loop"),
        ({"larger": 3}, "larger"),
        ({"title": "x" * 500}, r"^The title has 500 letters, and 120 are the most\. Make it shorter\.$"),
        ({"title_place": "left"}, "title_place"),
        ({"colour": 1}, "colour"),
    ],
)
def test_wishes_that_cannot_be_followed_are_named(values, told):
    with pytest.raises(RequestError, match=told):
        parse_finish(values)


@pytest.mark.parametrize("finish", [Finish(first=25), Finish(first=3, last=2), Finish(last=99)])
def test_a_trim_that_leaves_nothing_is_refused(finish):
    with pytest.raises(RequestError, match="A clip of 25 frames has no frames"):
        moments(finish, 25)


@pytest.fixture
def clip(tmp_path):
    frames = moving_frames(14, 128, 72)
    write_clip(tmp_path / "clip.mp4", chunked(frames), spec_of(frames, recipe='{"request": {"seed": 5}}'))
    return tmp_path / "clip.mp4"


@pytest.mark.parametrize("name", FORMATS)
def test_a_finished_clip_can_be_saved_as_anything_and_the_clip_stays(tmp_path, clip, name):
    before = clip.read_bytes()
    finish = Finish(loop="ping-pong", smoother=2, title="Noon")
    facts = save_as(clip, tmp_path / "out", Export(FORMATS[name], finish))
    if not FORMATS[name].is_one_frame:
        assert facts.num_frames == 2 * (13 * 2 + 1) - 2
        assert facts.seconds == pytest.approx(52 / 14, abs=0.02)
    assert clip.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["clip.mp4", "out"]


def melody(path, seconds=0.5):
    tone = (np.sin(np.arange(int(44100 * seconds)) * 0.06) * 20000).astype(np.int16)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(44100)
        file.writeframes(tone.tobytes())
    return path


@pytest.mark.parametrize("name", ["mp4", "webm"])
@pytest.mark.parametrize("seconds", [0.5, 5.0], ids=["shorter", "longer"])
def test_a_soundtrack_is_as_long_as_the_clip(tmp_path, clip, name, seconds):
    kind = FORMATS[name]
    facts = save_as(clip, tmp_path / "out", Export(kind, sound=melody(tmp_path / "song.wav", seconds)))
    assert facts.has_sound
    assert facts.num_frames == 14
    with av.open(str(tmp_path / "out")) as container:
        heard = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    assert heard.shape[1] / 48000 == pytest.approx(2.0, abs=0.1)
    middle = np.abs(heard[0, 6000:18000]).mean()
    assert middle > 0.1, "it can be heard"
    assert np.abs(heard[0, :480]).mean() < middle / 3, "it fades in"


def test_what_is_no_audio_is_refused(tmp_path, clip):
    (tmp_path / "song.mp3").write_text("la la la")
    with pytest.raises(InputError, match="cannot be read as audio"):
        save_as(clip, tmp_path / "out", Export(sound=tmp_path / "song.mp3"))
    assert not (tmp_path / "out").exists()
