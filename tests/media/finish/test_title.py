"""A title is drawn as its readers write, fits the picture, and is refused in words where it cannot be."""

import numpy as np
import pytest
from PIL import ImageFont

from media.finish import faces
from media.finish.finished import FinishedFrames
from media.finish.lines import fitted
from media.finish.plan import Finish
from media.finish.title import Title
from pipelines.errors import RequestError

SCRIPTS = {
    "Latin": "Zwei Otter, ganz früh — Ægir & Łódź",
    "Greek": "Ένα ήσυχο πρωινό στη λίμνη",
    "Cyrillic": "Тихое утро, їжак",
    "Arabic": "صباح هادئ ٢٠٢٦",
    "Hebrew": "בוקר שקט ליד האגם",
    "Devanagari": "झील के किनारे क्षत्रिय",
    "Thai": "เช้าอันเงียบสงบ ที่นี่",
    "Chinese": "湖边宁静的早晨，繁體字也行",
    "Japanese": "湖畔の静かな朝、カワウソ",
    "Korean": "호숫가의 고요한 아침 똠방각하",
    "emoji": "Noon ☀️ 🦦 👨‍👩‍👧",
}
SHAPES = {"landscape": (320, 180), "upright": (180, 320)}
GREY = 128


def ink(text, shape=(320, 180), **look):
    """Where a title changes a grey picture, `[H, W]`."""
    width, height = shape
    frame = np.full((height, width, 3), GREY, np.uint8)
    return np.abs(Title(text, shape, **look).over(frame).astype(int) - GREY).max(axis=2)


def rows_of(mask):
    return np.flatnonzero((mask > 60).any(axis=1))


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS)
def test_every_letter_has_a_face_that_draws_it(text):
    for run in faces.runs(text):
        font = faces.opened(run.face, 40)
        missing = bytes(font.getmask("\U000f0000"))
        for letter in run.text:
            if not letter.isspace() and letter.isalpha():
                assert bytes(font.getmask(letter)) != missing, letter


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS)
def test_a_title_of_any_script_is_bright_and_dark_and_inside_the_picture(text, shape):
    frame = np.full((shape[1], shape[0], 3), GREY, np.uint8)
    titled = Title(text, shape).over(frame)
    assert titled.max() > 240
    assert titled.min() < 60
    edges = [titled[:, :2], titled[:, -2:], titled[:2], titled[-2:]]
    assert all(np.all(edge == GREY) for edge in edges)


def test_arabic_is_joined_and_runs_from_right_to_left():
    """The first letter stands at the right; joined, a word is narrower than its letters one by one."""
    drawn = ink("ا" + "م" * 6, size="large")
    columns = np.flatnonzero((drawn > 60).any(axis=0))
    tall = rows_of(drawn[:, columns[-1] - 8 : columns[-1] + 1])
    flat = rows_of(drawn[:, columns[0] : columns[0] + 9])
    assert len(tall) > len(flat), "alif, the tall one, is at the right"
    font = ImageFont.truetype(faces.FOLDER / faces.FACES[0], 64)
    assert font.getlength("ممم", direction="rtl") < 3 * font.getlength("م", direction="rtl")


def test_chinese_and_japanese_have_forms_of_their_own():
    """直 is drawn with a bent stroke in Chinese and a straight one in Japanese."""
    chinese, japanese = (fitted(text, 2000, 64, 1)[0][0].language for text in ("直线", "直すの"))
    assert (chinese, japanese) == ("zh-Hans", "ja")
    font = faces.opened(faces.CHINESE_JAPANESE_KOREAN, 64)
    assert bytes(font.getmask("直", language=chinese)) != bytes(font.getmask("直", language=japanese))


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_a_title_stands_where_it_is_wished_and_as_large(shape):
    height = shape[1]
    places = {place: rows_of(ink("Noon", shape, place=place)) for place in ("top", "middle", "bottom")}
    assert places["top"].max() < height * 0.45
    assert height * 0.35 < places["middle"].min() and places["middle"].max() < height * 0.65
    assert places["bottom"].min() > height * 0.55
    tall = [len(rows_of(ink("Noon", shape, size=size))) for size in ("small", "medium", "large")]
    assert tall[0] < tall[1] < tall[2]


def test_upright_clips_leave_the_edges_to_the_chat():
    assert rows_of(ink("Noon", (180, 320))).max() < 320 * 0.88
    assert rows_of(ink("Noon", (180, 320), place="top")).min() > 320 * 0.12


def test_a_long_title_is_broken_once_into_lines_about_as_long_and_a_longer_one_made_smaller():
    short, size = fitted("Otters at noon", 400, 30, 8)
    assert len(short) == 1 and size == 30
    lines, _ = fitted("Otters at noon, somewhere in the north of Finland", 400, 30, 8)
    assert len(lines) == 2
    assert min(line.width for line in lines) > 0.7 * max(line.width for line in lines)
    longer, smaller = fitted("Otters at noon, somewhere in the north of Finland, with their young", 400, 30, 8)
    assert len(longer) == 2 and smaller < 30
    assert max(line.width for line in longer) * smaller / 64 <= 400


def test_chinese_is_broken_between_any_two_letters_and_never_before_a_stop():
    (first, second), _ = fitted("湖边宁静的早晨水面如镜，远山倒影在其中，白云悠悠", 300, 30, 8)
    text = ["".join(run.text for run in line.runs) for line in (first, second)]
    assert abs(len(text[0]) - len(text[1])) <= 2
    assert text[1][0] not in "，。"


def test_a_title_that_nobody_could_read_is_refused():
    with pytest.raises(RequestError, match=r"too long to be read on a picture of 180x320\. Make it shorter"):
        Title("湖边宁静的早晨" * 17, (180, 320))


@pytest.mark.parametrize(("text", "named"), [("Hi ꦲ", "ꦲ"), ("a\0b", r"U\+0000"), ("ꦀꦁꦂꦃꦄꦅꦆꦇ", "and others")])
def test_letters_that_no_face_has_are_named_and_never_drawn_as_boxes(text, named):
    with pytest.raises(RequestError, match=f"no typeface here can draw: .*{named}.*Write it without them"):
        FinishedFrames(np.zeros((2, 64, 96, 3), np.uint8), Finish(title=text))


def test_without_a_shaper_joined_scripts_are_refused_and_others_drawn(monkeypatch):
    monkeypatch.setattr("media.finish.faces.features.check", lambda name: False)
    with pytest.raises(RequestError, match="FriBiDi"):
        faces.runs("صباح")
    with pytest.raises(RequestError, match="FriBiDi"):
        faces.runs("क्षत्रिय")
    assert faces.runs("Łódź, 東京 한국")


def test_a_title_of_spaces_is_none():
    frames = np.full((2, 64, 96, 3), GREY, np.uint8)
    assert np.array_equal(FinishedFrames(frames, Finish(title="  "))[0], frames[0])
    assert Finish(title_place="top", title_size="large").changes_nothing()
