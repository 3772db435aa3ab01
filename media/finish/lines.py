"""A title in one line or two, as large as it is wanted and as the picture allows."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import ImageDraw, ImageFont

from media.finish.faces import CHINESE_JAPANESE_KOREAN, Run, can_shape, opened, reads_rightwards, runs

MEASURED_AT = 64
"""Pixels of type at which widths are measured; they grow with the size."""

ONE_LINE_FROM = 0.8
"""A title that fits into one line at this share of the wanted size is not broken."""

NOT_FIRST = frozenset("、。，．：；！？）」』】〉》〕］｝’”ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ々…・,.:;!?)]}%")
"""Signs that begin no line (JIS X 4051, line-start prohibition)."""

NOT_LAST = frozenset("（「『【〈《〔［｛‘“([{")
"""Signs that end no line."""


@dataclass(frozen=True)
class Line:
    """One line of a title, in the order in which it is read, and its width in pixels at `MEASURED_AT`."""

    runs: tuple[Run, ...]
    width: float
    is_rightward: bool
    language: str | None

    def draw(self, canvas: ImageDraw.ImageDraw, at: tuple[float, float], size: int, **ink: object) -> None:
        """Draw it with the middle of its baseline at `at`."""
        drawn = [(run, opened(run.face, size)) for run in (self.runs if self.is_rightward else self.runs[::-1])]
        widths = [_width(run, font, self) for run, font in drawn]
        left = at[0] - sum(widths) / 2
        for (run, font), width in zip(drawn, widths, strict=True):
            canvas.text((left, at[1]), run.text, font=font, anchor="ls", **_shaping(run, self), **ink)  # type: ignore[arg-type]
            left += width


def fitted(text: str, room: float, wanted: float, least: float) -> tuple[list[Line], int] | None:
    """The lines of a text and their size in pixels, at most `wanted`; None where less than `least` would be left.

    `room` is the width in pixels. One line is kept where it does not become much smaller; else two, about equally long.
    Raises what `media.finish.faces.runs` raises.
    """
    language, rightward = _language(text), reads_rightwards(text)
    whole = _line(text, rightward, language)
    size = _size(whole.width, room, wanted)
    if size >= ONE_LINE_FROM * wanted:
        return [whole], round(size)
    pairs = [[_line(part, rightward, language) for part in pair] for pair in _broken(text)]
    best = min([*pairs, [whole]], key=lambda lines: max(line.width for line in lines))
    size = _size(max(line.width for line in best), room, wanted)
    return (best, int(size)) if size >= least else None


def _line(text: str, rightward: bool, language: str | None) -> Line:
    line = Line(tuple(runs(text)), 0, rightward, language)
    width = sum(_width(run, opened(run.face, MEASURED_AT), line) for run in line.runs)
    return Line(line.runs, width, rightward, language)


def _size(width: float, room: float, wanted: float) -> float:
    return min(wanted, room * MEASURED_AT / max(width, 1))


def _width(run: Run, font: ImageFont.FreeTypeFont, line: Line) -> float:
    return font.getlength(run.text, **_shaping(run, line))  # type: ignore[arg-type]


def _shaping(run: Run, line: Line) -> dict[str, object]:
    """What the shaper is told; without one, nothing can be."""
    if not can_shape():
        return {}
    told: dict[str, object] = {"direction": "ltr" if line.is_rightward else "rtl"}
    if run.face == CHINESE_JAPANESE_KOREAN and line.language:
        told["language"] = line.language
    return told


def _language(text: str) -> str | None:
    """Whose forms Chinese characters take: where there are kana or hangul theirs, else those of the script."""
    names = {unicodedata.name(letter, "").partition(" ")[0] for letter in text}
    if names & {"HIRAGANA", "KATAKANA"}:
        return "ja"
    if "HANGUL" in names:
        return "ko"
    if "CJK" not in names:
        return None
    return "zh-Hans" if _is_in("gb2312", text) else "zh-Hant" if _is_in("big5", text) else "zh-Hans"


def _is_in(charset: str, text: str) -> bool:
    try:
        "".join(letter for letter in text if letter.isalpha() and not letter.isascii()).encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def _broken(text: str) -> Iterator[tuple[str, str]]:
    """All ways to break a text in two: at spaces, and between Chinese, Japanese and Korean letters."""
    for place in range(1, len(text)):
        before, after = text[:place].rstrip(), text[place:].lstrip()
        at_space = text[place].isspace()
        between = _is_wide(text[place - 1]) and _is_wide(text[place])
        if before and after and (at_space or between) and after[0] not in NOT_FIRST and before[-1] not in NOT_LAST:
            yield before, after


def _is_wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in {"W", "F"} and not unicodedata.name(letter, "").startswith("HANGUL")
