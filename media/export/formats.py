"""The formats that a clip can be saved in, one line each; the page, the command line and the API read them here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from media.export.animated import write_apng, write_gif, write_webp
from media.export.frames import Frames
from media.export.ladders import APNG_LOOKS, GIF_LOOKS, WEBP_LOOKS
from media.export.look import WHOLE, Look
from media.export.pictures import write_poster, write_zip
from media.spec import ClipSpec
from media.video import AV1, H264, VP9, Sound, VideoKind, write_video
from pipelines.errors import InputError

Writer = Callable[[Path, Frames, ClipSpec, Look], None]


@dataclass(frozen=True)
class Format:
    """A format: `video` where it is a video file, else `writer` writes it.

    `tick` is the shortest time in seconds that the format can tell apart: frames are shown to the nearest tick.
    `carries_recipe` tells whether the settings can be stored inside; `is_one_frame`, that only the first is wanted.
    `look` is that of its pictures, one of `looks`, which grow smaller; a format without any cannot be made to a size,
    unless it is a video.
    """

    name: str
    label: str
    purpose: str
    suffix: str
    media_type: str
    video: VideoKind | None = None
    writer: Writer | None = None
    tick: float = 1e-6
    carries_recipe: bool = True
    is_one_frame: bool = False
    looks: tuple[Look, ...] = ()
    look: Look = WHOLE

    @property
    def has_sizes(self) -> bool:
        """Whether it can be made no larger than a size."""
        return self.video is not None or bool(self.looks)

    @property
    def carries_sound(self) -> bool:
        """Whether a soundtrack can be stored inside."""
        return self.video is not None

    def write(self, path: Path, frames: Frames, spec: ClipSpec, sound: Sound | None = None) -> None:
        """Writes a file of this format; raises `OSError` and the errors of PyAV and Pillow."""
        if self.video is not None:
            write_video(path, frames, spec, self.video, sound)
        elif self.writer is not None:
            self.writer(path, frames, spec, self.look)


MILLISECOND, CENTISECOND = 1e-3, 1e-2

_ALL = (
    Format("mp4", "MP4", "plays everywhere", ".mp4", "video/mp4", video=H264),
    Format("webm", "WebM", "for web pages", ".webm", "video/webm", video=VP9, tick=MILLISECOND),
    Format("av1", "WebM (AV1)", "the smallest, for new browsers", ".webm", "video/webm", video=AV1, tick=MILLISECOND),
    Format(
        "gif",
        "GIF",
        "for chats and slides",
        ".gif",
        "image/gif",
        writer=write_gif,
        tick=CENTISECOND,
        carries_recipe=False,
        looks=GIF_LOOKS,
    ),
    Format(
        "webp",
        "Animated WebP",
        "finer and smaller than a GIF",
        ".webp",
        "image/webp",
        writer=write_webp,
        tick=MILLISECOND,
        looks=WEBP_LOOKS,
    ),
    Format(
        "apng",
        "Animated PNG",
        "every pixel of the MP4, large",
        ".png",
        "image/png",
        writer=write_apng,
        looks=APNG_LOOKS,
    ),
    Format(
        "poster",
        "Poster",
        "the first frame, a JPEG",
        ".jpg",
        "image/jpeg",
        writer=write_poster,
        carries_recipe=False,
        is_one_frame=True,
    ),
    Format("zip", "PNG pictures", "the MP4's frames, in a zip", ".zip", "application/zip", writer=write_zip),
)
"""What is said to keep every pixel keeps those of the MP4, which is what the library has of a clip: its frames as the
model drew them are some twenty times as large, and are not kept (`docs/decisions/015-frames-of-the-mp4.md`)."""

FORMATS: Mapping[str, Format] = {each.name: each for each in _ALL}
"""By name, in the order in which they are offered."""


def format_named(name: str) -> Format:
    """The format of this name; raises `InputError` for one that is none of ours."""
    if name not in FORMATS:
        raise InputError(f"There is no format called {name}.", f"The formats are {', '.join(FORMATS)}.")
    return FORMATS[name]


def format_of(path: Path) -> Format:
    """The format that a file name asks for by its suffix; raises `InputError` for one that is none of ours."""
    found = next((each for each in _ALL if each.suffix == path.suffix.lower()), None)
    if found is None:
        known = ", ".join(dict.fromkeys(each.suffix for each in _ALL))
        raise InputError(f"A clip cannot be saved as “{path.suffix or path.name}”.", f"Use one of {known}.")
    return found
