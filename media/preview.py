"""Small pictures for the page: the poster of a clip, the moving preview of a job."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from PIL import Image

from media.mp4 import open_mp4, rgb_of
from pipelines.contract import RGB
from pipelines.errors import ClipError

POSTER_QUALITY = 85
"""JPEG quality: no visible blocks at a tenth of the size of a PNG."""

PREVIEW_QUALITY = 60
"""WebP quality: a preview is shown for a second and replaced."""

FASTEST = 0
"""WebP effort 0 of 6: the preview waits for nobody, size matters little."""


def poster(source: Path | RGB) -> bytes:
    """The first frame of a clip, or the given frame uint8 `[H, W, 3]` sRGB, as a JPEG file.

    Raises `ClipError` where the clip cannot be read.
    """
    frame = _first_frame(source) if isinstance(source, Path) else source
    jpeg = BytesIO()
    Image.fromarray(frame).save(jpeg, "JPEG", quality=POSTER_QUALITY)
    return jpeg.getvalue()


def preview_webp(frames: RGB, fps: float) -> bytes:
    """A small looping animated WebP file of frames uint8 `[n, h, w, 3]` at `fps` frames per second; n is at least 1."""
    first, *others = (Image.fromarray(frame) for frame in frames)
    webp = BytesIO()
    first.save(
        webp,
        "WEBP",
        save_all=True,
        append_images=others,
        duration=max(1, round(1000 / fps)),
        loop=0,
        quality=PREVIEW_QUALITY,
        method=FASTEST,
    )
    return webp.getvalue()


def frame_png(clip: Path, seconds: float) -> bytes:
    """The frame that is shown at `seconds` of a clip, or the nearest there is, as a PNG file.

    Raises `ClipError` where the clip cannot be read.
    """
    png = BytesIO()
    Image.fromarray(_frame_at(clip, seconds)).save(png, "PNG")
    return png.getvalue()


def _first_frame(path: Path) -> RGB:
    return _frame_at(path, 0.0)


def _frame_at(path: Path, seconds: float) -> RGB:
    shown = None
    with open_mp4(path) as (container, stream):
        for frame in container.decode(stream):
            if shown is not None and (frame.time or 0.0) > seconds:
                break
            shown = frame
        if shown is not None:
            return rgb_of(shown)
    raise ClipError("This clip has no frames.", "Make it again.")
