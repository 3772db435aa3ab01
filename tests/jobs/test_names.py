"""What a clip is called: after its picture, whoever named that, and as a file on any disk."""

from __future__ import annotations

import pytest

from jobs.job import NAMELESS, Job
from jobs.names import LONGEST, MOST_BYTES, file_name, photo_name
from media.finish.plan import Finish
from pipelines.request import MotionRequest

NAMES = {
    "beach sunset.jpg": "beach sunset",
    "IMG_1234.HEIC": "IMG_1234",
    "Mr. Smith": "Mr. Smith",
    "dawn.at.home.v2.png": "dawn.at.home.v2",
    "C:\\Users\\ada\\wren.jpg": "wren",
    "../../etc/passwd": "passwd",
    "a/..": NAMELESS,
    ".jpg": NAMELESS,
    "": NAMELESS,
    "  .  ": NAMELESS,
    "clipboard.png": NAMELESS,
    "Image.jpeg": NAMELESS,
    "what?*: a <wren>.jpg": "what a wren",
    "two\nlines\0.jpg": "two lines",
    "turned\u202egpj.exe": "turned gpj",
    "half\ud83d.png": "half",
    "京都の寺.webp": "京都の寺",
    "شاطئ البحر.jpg": "شاطئ البحر",
    "می‌خواهم.jpg": "می‌خواهم",
    "o\u0308l.png": "öl",
}


@pytest.mark.parametrize(("given", "name"), NAMES.items())
def test_a_picture_is_called_as_its_file_was(given, name):
    assert photo_name(given) == name


@pytest.mark.parametrize("letter", ["x", "寺", "🪶", "é"])
def test_a_name_fits_on_a_disk_however_long_it_was(letter):
    name = photo_name(letter * 100_000 + ".jpg")
    assert name == letter * min(LONGEST, MOST_BYTES // len(letter.encode()))


FINISHES = {
    "beach sunset.mp4": Finish(),
    "beach sunset, loop.mp4": Finish(loop="cross-fade"),
    "beach sunset, there and back, backwards, 0.5x.mp4": Finish(loop="ping-pong", reverse=True, speed=0.5),
    "beach sunset, cut, titled.mp4": Finish(first=3, title="Hello"),
}


@pytest.mark.parametrize(("name", "finish"), FINISHES.items())
def test_a_file_is_called_after_the_picture_and_what_was_done(name, finish):
    assert file_name(Job("0" * 32, MotionRequest(seed=1), name="beach sunset"), ".mp4", finish) == name
