"""One clip, finished and saved: what the page, the command line and the API ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from media.export.export import export
from media.export.facts import ExportFacts, probe_export
from media.export.formats import FORMATS, Format
from media.export.frames import AwaitedFrames, decoded, rate_of
from media.export.plain import copy_clip
from media.export.target_size import export_within
from media.finish.finished import FinishedFrames
from media.finish.plan import Finish, finished_rate
from media.finish.soundtrack import soundtrack
from media.recipe import recipe_text_of
from media.spec import ClipSpec
from pipelines.errors import InputError, RequestError

MEGAPIXEL = 1e6

MOST_IN_VIDEO, MOST_IN_PICTURES = 600 * MEGAPIXEL, 120 * MEGAPIXEL
"""Pixels of all frames together: half a minute on two cores, for a video and for formats that keep whole pictures."""


@dataclass(frozen=True)
class Export:
    """What is to become of a clip: its format, what is done to it, a soundtrack, and the most bytes (0: any).

    `keep_recipe` tells whether the settings go into the file.
    """

    kind: Format = field(default_factory=lambda: FORMATS["mp4"])
    finish: Finish = field(default_factory=Finish)
    sound: Path | None = None
    most_bytes: int = 0
    keep_recipe: bool = True

    @property
    def is_plain(self) -> bool:
        """Whether the clip itself is wanted, as it is."""
        return self.kind.name == "mp4" and self.finish.changes_nothing() and not (self.sound or self.most_bytes)


def always() -> bool:
    """Of files that are wanted whatever happens."""
    return True


def save_as(clip: Path, path: Path, wanted: Export, is_awaited: Callable[[], bool] = always) -> ExportFacts:
    """Saves a finished MP4 clip as something else; the clip itself is not touched.

    `is_awaited` is asked before every frame: `Cancelled` is raised once it says no.
    Raises `InputError` for a soundtrack that is no audio or a size that cannot be reached, `RequestError` for a trim
    that leaves nothing and for more pixels than anybody should wait for, and `ClipError` where the clip cannot be read
    or the file not be written.
    """
    if wanted.most_bytes and wanted.kind.name != "mp4":
        raise InputError(f"{wanted.kind.label} cannot be made to a size.", "Choose MP4, or no size.")
    if wanted.is_plain:
        copy_clip(clip, path, wanted.keep_recipe)
        return probe_export(path, wanted.kind)
    recipe = recipe_text_of(clip) if wanted.keep_recipe else ""
    with decoded(clip, path.parent) as frames:
        finished = FinishedFrames(AwaitedFrames(frames, is_awaited), wanted.finish)
        _check_extent(finished, wanted.kind)
        rate = finished_rate(wanted.finish, rate_of(clip))
        spec = ClipSpec(finished.width, finished.height, len(finished), rate, recipe)
        sound = soundtrack(wanted.sound, spec.seconds) if wanted.sound else None
        if wanted.most_bytes:
            return export_within(path, finished, spec, wanted.most_bytes, sound)
        return export(path, finished, spec, wanted.kind, sound)


def _check_extent(frames: FinishedFrames, kind: Format) -> None:
    asked = len(frames) * frames.width * frames.height
    most = MOST_IN_VIDEO if kind.video is not None else MOST_IN_PICTURES
    if not kind.is_one_frame and asked > most:
        other = "" if kind.video is not None else "MP4, "
        raise RequestError(
            f"{len(frames)} frames of {frames.width}x{frames.height} are {asked / MEGAPIXEL:.0f} megapixels;"
            f" {kind.label} is made of up to {most / MEGAPIXEL:.0f}.",
            f"Choose {other}less under Larger or Smoother, or fewer frames.",
        )
