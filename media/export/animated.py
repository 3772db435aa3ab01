"""Frames to the animated picture formats: GIF, WebP and APNG. FFmpeg's encoders keep frames that Pillow would merge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image

from media.export.chunks import add_png_text, add_webp_description, description
from media.export.frames import Frames
from media.export.look import WHOLE, Look
from media.recipe import RECIPE_TAG
from media.spec import ClipSpec
from pipelines.contract import RGB

Places = NDArray[np.uint8]
"""Numbers of a palette's colours, `[H, W]`."""

PALETTE_FRAMES = 12
"""Frames, evenly spread, whose colours make up a GIF's one palette."""

PALETTE_WIDTH = 256
"""Pixels of width at which those frames are looked at: colours, not details, are wanted."""


@dataclass(frozen=True)
class _Kind:
    """Container, codec and pixels by FFmpeg's names; `clock` is the shortest time it can tell apart, None for any."""

    container: str
    codec: str
    pixels: str
    clock: Fraction | None
    options: Mapping[str, str]
    container_options: Mapping[str, str] = field(default_factory=dict)


_GIF = _Kind("gif", "gif", "pal8", Fraction(1, 100), {}, {"loop": "0"})

_WEBP = _Kind(
    "webp",
    "libwebp",
    "yuv420p",
    Fraction(1, 1000),
    {"compression_level": "3"},
    {"loop": "0"},
)
"""Each frame a picture of its own: the encoder of differences merges frames that are alike."""

_APNG = _Kind("apng", "apng", "rgb24", None, {"pred": "mixed", "compression_level": "4"}, {"plays": "0"})


def write_gif(path: Path, frames: Frames, spec: ClipSpec, look: Look = WHOLE) -> None:
    """A GIF that loops, with one palette for the whole clip and error-diffusion dithering; it carries no recipe."""
    palette = _palette(frames, look.colours)
    table = np.asarray(palette.getpalette(), np.uint8).reshape(-1, 3)
    colours = np.full((256, 4), 255, np.uint8)  # alpha, red, green, blue
    colours[: len(table), 1:] = table
    pictures = (VideoFrame.from_ndarray((places, colours), "pal8") for places in _held(frames, palette, look.hold))  # type: ignore[arg-type]  # PyAV takes pairs
    _write(path, pictures, spec, _GIF)


def write_webp(path: Path, frames: Frames, spec: ClipSpec, look: Look = WHOLE) -> None:
    """An animated WebP that loops, its recipe in EXIF; of one frame, a WebP picture."""
    if len(frames) == 1:
        exif = description(spec.recipe) if spec.recipe else b""
        Image.fromarray(frames[0]).save(path, "WEBP", quality=look.quality, exif=exif)
        return
    _write(path, map(_plain, frames), spec, replace(_WEBP, options={**_WEBP.options, "quality": str(look.quality)}))
    if spec.recipe:
        add_webp_description(path, spec.recipe)


def write_apng(path: Path, frames: Frames, spec: ClipSpec, look: Look = WHOLE) -> None:
    """An animated PNG that loops, its frames as they come whatever the `look`, its recipe in a text chunk."""
    _write(path, map(_plain, frames), spec, _APNG)
    if spec.recipe:
        add_png_text(path, RECIPE_TAG, spec.recipe)


def _write(path: Path, pictures: Iterable[VideoFrame], spec: ClipSpec, kind: _Kind) -> None:
    with av.open(str(path.absolute()), "w", format=kind.container, options=dict(kind.container_options)) as container:
        stream = cast(VideoStream, container.add_stream(kind.codec, rate=spec.fps, options=dict(kind.options)))
        stream.width, stream.height, stream.pix_fmt = spec.width, spec.height, kind.pixels
        clock = kind.clock or 1 / spec.fps
        stream.codec_context.time_base = stream.time_base = clock
        for index, picture in enumerate(pictures):
            picture.pts, picture.time_base = _tick(index, spec, clock), clock
            picture.duration = _tick(index + 1, spec, clock) - _tick(index, spec, clock)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def _tick(index: int, spec: ClipSpec, clock: Fraction) -> int:
    """When a frame begins: rounded by itself, so that the errors of coarse clocks do not add up."""
    return round(Fraction(index) / spec.fps / clock)


def _plain(frame: RGB) -> VideoFrame:
    return VideoFrame.from_ndarray(np.ascontiguousarray(frame), "rgb24")


def _palette(frames: Frames, count: int) -> Image.Image:
    """A palette picture of `count` colours; an octree keeps rare ones, such as highlights, that a median cut drops."""
    chosen = np.unique(np.linspace(0, len(frames) - 1, PALETTE_FRAMES).round().astype(int))
    small = [Image.fromarray(frames[int(index)]) for index in chosen]
    for picture in small:
        picture.thumbnail((PALETTE_WIDTH, PALETTE_WIDTH))
    sheet = np.vstack([np.asarray(picture) for picture in small])
    return Image.fromarray(sheet).quantize(count, Image.Quantize.FASTOCTREE)


def _held(frames: Frames, palette: Image.Image, hold: int) -> Iterator[Places]:
    """Each frame by its places in the palette, a pixel of which stays until it is off by more than `hold` levels.

    Nowhere is it ever further off. Noise too small to be seen would else be stored anew in every frame, and the dots
    of colours in between would dance.
    """
    kept: RGB | None = None
    for frame in frames:
        places = np.asarray(Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG))
        if kept is None:
            kept, held = np.array(frame), np.array(places)
        else:
            changed = cv2.absdiff(np.ascontiguousarray(frame), kept).max(axis=2) > hold
            kept[changed], held[changed] = frame[changed], places[changed]
        yield held
