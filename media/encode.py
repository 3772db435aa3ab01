"""Frames to H.264 in an MP4 container."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, VideoReformatter
from av.video.stream import VideoStream

from media.recipe import RECIPE_TAG
from media.spec import ClipSpec
from pipelines.contract import RGB

QUALITY = "17"
"""x264's constant rate factor. 18 counts as visually lossless; one less makes up for the quick preset."""

PRESET = "veryfast"
"""x264's effort. Against "medium", its default, half the time and a fifth more bytes, for the same likeness."""

CONTAINER_FLAGS = "+faststart+use_metadata_tags"
"""The index goes to the front, so that browsers play while they load; tags are kept letter by letter."""


def encode(path: Path, frames: Iterable[RGB], spec: ClipSpec) -> None:
    """Writes `frames`, each uint8 `[spec.height, spec.width, 3]` sRGB, as they come.

    Raises PyAV's errors and `OSError` where the file cannot be written, and whatever `frames` raises.
    """
    with av.open(str(path.absolute()), "w", format="mp4", options={"movflags": CONTAINER_FLAGS}) as container:
        if spec.recipe:
            container.metadata[RECIPE_TAG] = spec.recipe
        stream = _video_stream(container, spec)
        reformatter = VideoReformatter()
        for index, frame in enumerate(frames):
            picture = _to_bt709(frame, reformatter)
            picture.pts = index
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def _video_stream(container: OutputContainer, spec: ClipSpec) -> VideoStream:
    stream = container.add_stream("libx264", rate=spec.fps, options={"crf": QUALITY, "preset": PRESET})
    stream.width, stream.height, stream.pix_fmt = spec.width, spec.height, "yuv420p"
    context = stream.codec_context
    context.color_primaries = ColorPrimaries.BT709
    context.color_trc = ColorTrc.BT709
    context.colorspace = Colorspace.ITU709
    context.color_range = ColorRange.MPEG
    return stream


def _to_bt709(frame: RGB, reformatter: VideoReformatter) -> VideoFrame:
    """The frame converted with the BT.709 matrix to limited range: FFmpeg alone would take BT.601 and shift colours."""
    return reformatter.reformat(
        VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24"),
        format="yuv420p",
        src_colorspace=Colorspace.ITU709,
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.MPEG,
    )
