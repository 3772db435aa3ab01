"""A file that may not be larger than a chat takes is no larger, lasts as long, and is no worse than it must be."""

from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from media.export.draft import Draft
from media.export.formats import FORMATS
from media.export.limit import bytes_within, size_words
from media.export.within import written_within
from media.spec import ClipSpec
from pipelines.errors import InputError
from tests.media.clips import moving_frames

SPEC = ClipSpec(320, 192, 24, Fraction(12))
"""Whole macroblocks of 16 pixels: at other sizes x264 spends its bits a little differently from run to run."""


def busy(count=24):
    """Frames that every encoder finds hard."""
    return np.random.default_rng(3).integers(0, 256, (count, 96, 160, 3), np.uint8).repeat(2, axis=1).repeat(2, axis=2)


def draft(folder, name, frames=None, told=None):
    kind = FORMATS[name]
    watch = {"on_frame": told} if told else {}
    return Draft(folder / f"clip{kind.suffix}", busy() if frames is None else frames, SPEC, kind, **watch)


@pytest.mark.parametrize("most", [600_000, 250_000, 80_000])
def test_an_mp4_that_is_too_large_is_made_to_fit_and_uses_the_room(tmp_path, most):
    facts = written_within(draft(tmp_path, "mp4"), most)
    assert 0.6 * most < (tmp_path / "clip.mp4").stat().st_size <= most
    assert facts.num_frames == 24


@pytest.mark.parametrize(
    ("name", "most"),
    [
        *[("webm", 300_000), ("av1", 300_000)],
        *[("gif", 1_000_000), ("gif", 100_000), ("webp", 300_000), ("webp", 60_000), ("apng", 700_000)],
    ],
)
def test_every_format_that_moves_is_made_to_fit_as_long_as_before(tmp_path, name, most):
    wanted = draft(tmp_path, name)
    facts = written_within(wanted, most)
    assert most / 5 < wanted.path.stat().st_size <= most
    assert facts.seconds == pytest.approx(2, abs=0.1)
    assert facts.width / facts.height == pytest.approx(320 / 192, rel=0.05)


@pytest.mark.parametrize("name", ["mp4", "gif", "webp"])
def test_a_clip_that_fits_is_left_at_full_quality(tmp_path, name):
    frames = moving_frames(24, 320, 192)
    wanted = draft(tmp_path, name, frames)
    written_within(wanted, 8_000_000)
    limited = wanted.path.read_bytes()
    wanted.written()
    assert wanted.path.read_bytes() == limited


@pytest.mark.parametrize("name", ["mp4", "webm", "gif", "webp", "apng"])
def test_a_size_that_cannot_be_reached_is_refused_with_a_cure(tmp_path, name):
    with pytest.raises(InputError, match=r"cannot be made as small as 2 kB\. Allow more"):
        written_within(draft(tmp_path, name), 2_000)
    assert list(tmp_path.iterdir()) == []


def test_a_zip_knows_no_sizes(tmp_path):
    with pytest.raises(InputError, match="PNG pictures cannot be made to a size"):
        written_within(draft(tmp_path, "zip"), 8_000_000)


def test_slow_clips_keep_all_their_frames(tmp_path):
    """At 7 frames a second, every second one would be no motion any more."""
    kind = FORMATS["gif"]
    slow = Draft(tmp_path / "clip.gif", busy(14), ClipSpec(320, 192, 14, Fraction(7)), kind)
    assert written_within(slow, 300_000).num_frames == 14


@pytest.mark.parametrize("name", ["gif", "webp", "apng", "mp4", "webm", "av1"])
def test_the_size_is_known_beforehand(tmp_path, name):
    """Of a clip that moves as evenly as ours do: to a quarter for pictures, to the half or the double for video."""
    noise = np.random.default_rng(1).integers(0, 256, (40, 60, 3)).astype(np.uint8).repeat(6, axis=0).repeat(6, axis=1)
    frames = np.stack([noise[at // 2 : at // 2 + 192, at : at + 320] for at in range(0, 40)])
    wanted = Draft(
        tmp_path / f"clip{FORMATS[name].suffix}", frames, ClipSpec(320, 192, 40, Fraction(24)), FORMATS[name]
    )
    estimated = wanted.estimated_bytes()
    wanted.written()
    most = 2 if FORMATS[name].video else 1.25
    assert 1 / most < estimated / wanted.path.stat().st_size < most


def test_a_gif_is_nowhere_further_off_for_what_it_holds(tmp_path):
    """What a camera's noise changes by two levels is not stored anew; what changes more is."""
    quiet = np.full((6, 96, 160, 3), 100, np.uint8)
    quiet += np.random.default_rng(2).integers(0, 3, quiet.shape).astype(np.uint8)
    quiet[3:, 40:60, 40:60] += 60
    path = tmp_path / "clip.gif"
    Draft(path, quiet, ClipSpec(160, 96, 6, Fraction(24)), FORMATS["gif"]).written()
    with Image.open(path) as picture:
        shown = []
        for index in range(6):
            picture.seek(index)
            shown.append(np.asarray(picture.convert("RGB")).astype(int))
    assert np.array_equal(shown[1], shown[2])
    changed = np.abs(shown[3] - shown[2]).max(axis=2) > 0
    rows, columns = np.nonzero(changed)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (40, 59, 40, 59)
    assert shown[3][40:60, 40:60].mean() == pytest.approx(161, abs=3)


def test_every_frame_is_told_and_each_round_begins_anew(tmp_path):
    told = []
    written_within(draft(tmp_path, "mp4", told=lambda *step: told.append(step)), 250_000)
    rounds = [step for step in told if step == (24, 24)]
    assert len(rounds) >= 3, "as it is, and two passes"
    assert told.count((1, 24)) >= 3


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        *[("", 0), ("  ", 0), ("8MB", 8_000_000), ("8 MB", 8_000_000), ("0.5", 500_000)],
        *[("500 kB", 500_000), ("2,5mb", 2_500_000), ("25M", 25_000_000), ("٨", 8_000_000)],
    ],
)
def test_sizes_are_understood_as_people_write_them(said, meant):
    assert bytes_within(said) == meant


@pytest.mark.parametrize("said", ["lots", "-3", "8 GB", "1e9", "½"])
def test_what_is_no_size_is_named(said):
    with pytest.raises(InputError, match="is no size of a file"):
        bytes_within(said)


def test_sizes_without_sense_are_refused():
    for said in ("0", "0.001", "99999999"):
        with pytest.raises(InputError, match=r"Give 0\.01 to 10000 MB"):
            bytes_within(said)


def test_sizes_are_said_as_people_say_them():
    assert [size_words(count) for count in (3_140_000, 12_400_000, 250_000, 8_000_000, 40_400)] == [
        *["3.1 MB", "12 MB", "0.25 MB", "8 MB", "40 kB"]
    ]
