"""One clip, finished and saved: what the page, the command line and the API ask for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from media.export.draft import Draft
from media.export.facts import ExportFacts, probe_export
from media.export.formats import FORMATS, Format
from media.export.frames import OnFrame, decoded, rate_of, unwatched
from media.export.plain import copy_clip
from media.export.within import check_has_sizes, looks_within, written_within
from media.finish.finished import FinishedFrames
from media.finish.plan import Finish, finished_rate
from media.finish.soundtrack import soundtrack
from media.recipe import recipe_text_of
from media.spec import ClipSpec
from pipelines.errors import RequestError

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


def save_as(clip: Path, path: Path, wanted: Export, on_frame: OnFrame = unwatched) -> ExportFacts:
    """Saves a finished MP4 clip as something else; the clip itself is not touched.

    Every frame is told to `on_frame`, which ends it all by raising `Cancelled`.
    Raises `InputError` for a soundtrack that is no audio or a size that cannot be reached, `RequestError` for a trim
    that leaves nothing, for a title that cannot be drawn and for more pixels than anybody should wait for, and
    `ClipError` where the clip cannot be read or the file not be written.
    """
    if wanted.is_plain:
        copy_clip(clip, path, wanted.keep_recipe)
        return probe_export(path, wanted.kind)
    with _drafted(clip, path, wanted, on_frame) as draft:
        return written_within(draft, wanted.most_bytes) if wanted.most_bytes else draft.written()


@dataclass(frozen=True)
class Estimate:
    """About how many bytes a file will have, and exactly how many pixels and frames per second."""

    num_bytes: int
    width: int
    height: int
    fps: Fraction


def estimated(clip: Path, wanted: Export, folder: Path) -> Estimate:
    """What `save_as` will make, told by a few frames within a second or two; `folder` has room for all of them.

    Raises what `save_as` raises where the wish can be seen to be too much.
    """
    with _drafted(clip, folder / "estimated", wanted) as draft:
        is_lessened = wanted.most_bytes and draft.kind.video is None
        shown = draft.looking(looks_within(draft, wanted.most_bytes)[0]) if is_lessened else draft
        size = clip.stat().st_size if wanted.is_plain else shown.estimated_bytes()
        spec = shown.spec
        return Estimate(min(size, wanted.most_bytes or size), spec.width, spec.height, spec.fps)


@contextmanager
def _drafted(clip: Path, path: Path, wanted: Export, on_frame: OnFrame = unwatched) -> Iterator[Draft]:
    """What is to be written; raises what is wrong with the wish."""
    recipe = recipe_text_of(clip) if wanted.keep_recipe else ""
    with decoded(clip, path.parent) as frames:
        finished = FinishedFrames(frames, wanted.finish)
        _check_extent(finished, wanted.kind)
        rate = finished_rate(wanted.finish, rate_of(clip))
        spec = ClipSpec(finished.width, finished.height, len(finished), rate, recipe)
        sound = soundtrack(wanted.sound, spec.seconds) if wanted.sound else None
        draft = Draft(path, finished, spec, wanted.kind, sound, on_frame)
        if wanted.most_bytes:
            check_has_sizes(draft)
        yield draft


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
