"""What is inside an exported file, found by decoding it, and whether that is what was asked for."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import av.error
from PIL import Image

from media.export.formats import MILLISECOND, Format
from media.export.pictures import RATE_FILE
from media.mp4 import ONLY_THIS_FILE
from media.probe import ClipFacts, probe_clip, verify
from media.recipe import picture_recipe, recipe_text_of
from media.spec import ClipSpec
from pipelines.errors import ClipError


@dataclass(frozen=True)
class ExportFacts:
    """`width` x `height` in pixels, frames counted by decoding, `seconds` of one play, the recipe inside or empty."""

    width: int
    height: int
    num_frames: int
    seconds: float
    recipe: str
    has_sound: bool = False


def probe_export(path: Path, kind: Format) -> ExportFacts:
    """The facts of a file of this format; decodes all of it. Raises `ClipError` where it cannot be read."""
    try:
        if kind.video is not None:
            return _video_facts(path, kind.video.container)
        return _zip_facts(path) if kind.name == "zip" else _picture_facts(path)
    except (av.error.FFmpegError, OSError, ValueError, SyntaxError, zipfile.BadZipFile) as error:
        raise ClipError(f"The finished {kind.label} cannot be read back.", "Make it again.") from error


def verify_export(path: Path, kind: Format, spec: ClipSpec, has_sound: bool) -> ExportFacts:
    """The facts, if they are what `spec` asks for; raises `ClipError` naming the first that is not.

    An MP4 must also be H.264, 4:2:0, tagged BT.709, with its index in front, as `media.probe` checks.
    """
    if kind.name == "mp4":
        clip = probe_clip(path)
        verify(clip, spec)
        facts = _of_clip(clip)
    else:
        facts = probe_export(path, kind)
    wanted: dict[str, tuple[object, object]] = {
        "size": ((facts.width, facts.height), (spec.width, spec.height)),
        "number of frames": (facts.num_frames, spec.num_frames),
        "length within a tick": (_lasts(facts, spec, kind), True),
        "recipe": (facts.recipe, spec.recipe if kind.carries_recipe else ""),
        "sound": (facts.has_sound, has_sound),
    }
    for name, (found, asked) in wanted.items():
        if found != asked:
            raise ClipError(f"The finished {kind.label} is not right: {name} {found} for {asked}.", "Make it again.")
    return facts


def _lasts(facts: ExportFacts, spec: ClipSpec, kind: Format) -> bool:
    """Whether a clip is as long as it should be; one picture has no length."""
    one_picture = kind.video is None and spec.num_frames == 1
    return one_picture or abs(facts.seconds - spec.seconds) <= kind.tick + MILLISECOND


def _of_clip(clip: ClipFacts) -> ExportFacts:
    seconds = float(clip.num_frames / clip.fps)
    return ExportFacts(clip.width, clip.height, clip.num_frames, seconds, clip.recipe, clip.has_sound)


def _video_facts(path: Path, container: str) -> ExportFacts:
    with av.open(str(path.absolute()), format=container, options=ONLY_THIS_FILE) as opened:
        stream = opened.streams.video[0]
        count = sum(1 for _ in opened.decode(stream))
        rate = stream.average_rate or Fraction(1)
        has_sound = bool(opened.streams.audio)
        return ExportFacts(stream.width, stream.height, count, float(count / rate), recipe_text_of(path), has_sound)


def _picture_facts(path: Path) -> ExportFacts:
    with Image.open(path, formats=("GIF", "WEBP", "PNG", "JPEG")) as picture:
        count = getattr(picture, "n_frames", 1)
        durations = []
        for index in range(count):
            picture.seek(index)
            picture.load()
            durations.append(float(picture.info.get("duration", 0)))
        width, height = picture.size
        return ExportFacts(width, height, count, sum(durations) / 1000, picture_recipe(picture))


def _zip_facts(path: Path) -> ExportFacts:
    with zipfile.ZipFile(path) as archive:
        told = json.loads(archive.read(RATE_FILE))
        pictures = [name for name in archive.namelist() if name.endswith(".png")]
        sizes = {_size(archive.read(name)) for name in pictures}
    if len(sizes) != 1:
        raise ClipError(f"The frames in the zip have {len(sizes)} sizes.", "Make it again.")
    width, height = sizes.pop()
    return ExportFacts(width, height, len(pictures), float(len(pictures) / Fraction(told["fps"])), recipe_text_of(path))


def _size(png: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(png), formats=("PNG",)) as picture:
        picture.load()
        return picture.width, picture.height
