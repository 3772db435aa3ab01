"""The recipe: how a clip was made, kept as JSON inside the clip itself, whatever its format."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import av
import av.error
from PIL import Image

from media.comfy import settings_of_workflow
from media.kinds import PNG, WEBP, kind_of
from media.mp4 import ONLY_THIS_FILE, open_mp4
from pipelines.errors import ClipError

RECIPE_TAG = "comment"
"""The metadata tag that holds it: the one that players and tools show."""

RECIPE_FILE = "recipe.json"
"""Its name inside a zip of frames."""

IMAGE_DESCRIPTION = 0x010E
"""The EXIF tag that holds it in WebP: the one that picture viewers show."""

MOST_LISTED = 2**19
"""Bytes of a zip's list of contents: twice that of our longest one, of 3,800 frames."""

MAX_RECIPE_LETTERS = 65536
"""Letters. Ours have about a thousand; an uploaded file may carry anything."""

_EBML = b"\x1aE\xdf\xa3"
"""How a Matroska or WebM file begins (RFC 8794)."""

_ZIP = b"PK\x03\x04"

_HEAD = 4096


def read_recipe(path: Path) -> dict[str, Any]:
    """The recipe inside an MP4, WebM, WebP, PNG or zip of ours, as it was stored; nothing in it has been checked.

    The settings of a ComfyUI workflow for a model that is known here, inside a PNG or WebP, come as such a recipe too.
    Raises `ClipError` where the file carries neither.
    """
    recipe = _parsed(recipe_text_of(path)) or _foreign(path)
    if recipe is None:
        raise ClipError(
            "This file carries no Stillmotion recipe.",
            "Use a clip as it was downloaded from Stillmotion: sites and editors drop the recipe.",
        )
    return recipe


def recipe_text_of(path: Path) -> str:
    """The text that one of our files carries in place of a recipe, as it stands there; empty where there is none.

    Raises `ClipError` where the file cannot be read.
    """
    head = _head_of(path)
    if head.startswith(_EBML):
        return _webm_comment(path)
    if head.startswith(_ZIP):
        return _zipped(path)
    if kind_of(head) in (PNG, WEBP):
        with _opened(path) as picture:
            return picture_recipe(picture)
    with open_mp4(path) as (container, _):
        return container.metadata.get(RECIPE_TAG, "")


def picture_recipe(picture: Image.Image) -> str:
    """The text that holds the recipe of an open PNG or WebP, or an empty one."""
    told = picture.info.get(RECIPE_TAG, "") if picture.format == "PNG" else picture.getexif().get(IMAGE_DESCRIPTION, "")
    return told if isinstance(told, str) else ""


def _head_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except OSError as error:
        raise ClipError("This file cannot be read.", "Choose it again.") from error


def _webm_comment(path: Path) -> str:
    try:
        with av.open(str(path.absolute()), format="matroska", options=ONLY_THIS_FILE) as container:
            tags = {name.lower(): text for name, text in container.metadata.items()}
            return tags.get(RECIPE_TAG, "")
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise ClipError("This file cannot be read as a WebM clip.", "Use a clip as it was downloaded.") from error


class _Careful(io.FileIO):
    """Not read in large pieces: a zip's list of contents comes in one, and may have a million entries."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Raises `BadZipFile` for more than `MOST_LISTED`; without a size, zipfile has gone near the end before."""
        if size is not None and size > MOST_LISTED:
            raise zipfile.BadZipFile
        return super().read(size if size is not None and size >= 0 else MOST_LISTED) or b""


def _zipped(path: Path) -> str:
    try:
        with _Careful(path) as opened, zipfile.ZipFile(opened) as archive, archive.open(RECIPE_FILE) as file:
            # read so far and no further: a zip may claim to hold terabytes
            return file.read(MAX_RECIPE_LETTERS + 1).decode()
    except (KeyError, zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError):
        return ""


def _opened(path: Path) -> Image.Image:
    try:
        return Image.open(path, formats=("PNG", "WEBP"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ClipError("This picture cannot be read.", "Use a clip as it was downloaded.") from error


def _foreign(path: Path) -> dict[str, Any] | None:
    """What a ComfyUI workflow inside a picture says of a model that is known here, as a recipe."""
    if kind_of(_head_of(path)) not in (PNG, WEBP):
        return None
    with _opened(path) as picture:
        told = [text for text in (*picture.info.values(), *picture.getexif().values()) if isinstance(text, str)]
    settings = [settings_of_workflow(text) for text in told if len(text) <= MAX_WORKFLOW_LETTERS]
    request = next((found for found in settings if found), None)
    return {"made_with": "ComfyUI", "request": request} if request else None


MAX_WORKFLOW_LETTERS = 2_000_000
"""Letters of a ComfyUI workflow that are read: large ones have a few hundred thousand."""


def _parsed(text: str) -> dict[str, Any] | None:
    if len(text) > MAX_RECIPE_LETTERS:
        return None
    try:
        recipe = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return recipe if isinstance(recipe, dict) else None
