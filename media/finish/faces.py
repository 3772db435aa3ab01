"""The typefaces that titles are drawn with, and which of them has which letters."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import ImageFont, features

from pipelines.errors import RequestError

FOLDER = Path(__file__).parents[2] / "assets" / "fonts"

FACES = ("FiraGO-Bold.ttf", "NotoSansCJK-Bold.otf", "NotoEmoji-Bold.ttf")
"""Most scripts; Chinese, Japanese and Korean; pictures. Each letter is drawn with the first that has it."""

CHINESE_JAPANESE_KOREAN = FACES[1]

_PLAIN = ("LATIN", "GREEK", "CYRILLIC", "CJK", "HIRAGANA", "KATAKANA", "HANGUL")
"""First words of the Unicode names of letters that stand side by side, left to right, as they are."""

_SHOWN = 6
"""Letters that cannot be drawn are named up to so many."""


@dataclass(frozen=True)
class Run:
    """A part of a line that one face draws."""

    text: str
    face: str


def runs(text: str) -> list[Run]:
    """The text in parts, in the order in which it is read; letters are left with the face before them where it can.

    Raises `RequestError` for letters that no face has, and for scripts that need a shaper where there is none.
    """
    _check(text)
    parts: list[Run] = []
    for letter in text:
        before = parts[-1].face if parts else ""
        face = before if before and _has(before, letter) else _first(letter, before)
        if face == before:
            parts[-1] = Run(parts[-1].text + letter, face)
        else:
            parts.append(Run(letter, face))
    return parts


def opened(face: str, size: int) -> ImageFont.FreeTypeFont:
    """A face at `size` pixels."""
    return ImageFont.truetype(FOLDER / face, size)


def can_shape() -> bool:
    """Whether Pillow finds Raqm and FriBiDi, which join letters and turn lines that run from right to left."""
    return bool(features.check("raqm"))


def _check(text: str) -> None:
    missing = list(dict.fromkeys(letter for letter in text if not _first(letter)))
    if missing:
        raise RequestError(
            f"The title has letters that no typeface here can draw: {_named(missing)}.", "Write it without them."
        )
    if not can_shape() and not all(map(_is_plain, text)):
        raise RequestError(
            "This script cannot be drawn on this machine: FriBiDi, which joins and orders its letters, is missing.",
            "Install it (Debian and Ubuntu: libfribidi0, macOS: brew install fribidi), or write the title in Latin.",
        )


def _first(letter: str, before: str = "") -> str:
    """The first face that has a letter, or nothing; what is seen of no letter goes along with the face before it."""
    if _is_unseen(letter):
        return before or FACES[0]
    return next((face for face in FACES if _has(face, letter)), "")


def _has(face: str, letter: str) -> bool:
    # a control sign is no letter, though some typefaces draw one
    is_letter = unicodedata.category(letter) != "Cc"
    return _is_unseen(letter) or (is_letter and ord(letter) in _coverage(face))


@functools.cache
def _coverage(face: str) -> frozenset[int]:
    """The code points that a face has."""
    from fontTools.ttLib import TTFont

    with TTFont(FOLDER / face, lazy=True) as font:
        return frozenset(font.getBestCmap())


def _is_unseen(letter: str) -> bool:
    """Joiners, selectors and marks of direction are told to the shaper and never drawn."""
    return unicodedata.category(letter) == "Cf" or 0xFE00 <= ord(letter) <= 0xFE0F


def _is_plain(letter: str) -> bool:
    if not letter.isalpha():
        return unicodedata.category(letter) not in {"Mn", "Mc", "Cf"}
    return unicodedata.name(letter, "").startswith(_PLAIN)


def _named(letters: list[str]) -> str:
    """Letters as a person can find them again; what cannot be printed by its number."""
    shown = [letter if letter.isprintable() else f"U+{ord(letter):04X}" for letter in letters[:_SHOWN]]
    return ", ".join(shown) + (" and others" if len(letters) > _SHOWN else "")


def reads_rightwards(text: str) -> bool:
    """Whether a text begins in a script that runs from left to right, by its first letter that has a direction."""
    return next(_directions(text), "L") == "L"


def _directions(text: str) -> Iterator[str]:
    for letter in text:
        kind = unicodedata.bidirectional(letter)
        if kind in {"L", "R", "AL"}:
            yield kind
