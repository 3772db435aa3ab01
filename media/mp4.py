"""Opening MP4 files, our own and uploaded ones, without following them anywhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import av.error
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream

from pipelines.contract import RGB
from pipelines.errors import ClipError

ONLY_THIS_FILE = {"protocol_whitelist": "file", "enable_drefs": "0"}
"""An MP4 can name other files and addresses; FFmpeg must not read them."""

_BOX_HEADER = 8
"""Bytes: a 32-bit size and a four-letter type (ISO/IEC 14496-12, section 4.2)."""

_LARGE_BOX_HEADER = 16
"""Bytes of the header of a box with a 64-bit size, marked by a 32-bit size of 1."""


@contextmanager
def open_mp4(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The container and its video stream, for reading; whatever fails within is raised as `ClipError`."""
    try:
        # the format is given: FFmpeg would also take playlists, which point elsewhere
        with av.open(str(path.absolute()), format="mp4", options=ONLY_THIS_FILE) as container:
            if not container.streams.video:
                raise ClipError("This file has sound but no picture.", "Use an MP4 clip.")
            yield container, container.streams.video[0]
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise ClipError("This file cannot be read as an MP4 clip.", "Use a clip as it was downloaded.") from error


def rgb_of(frame: VideoFrame) -> RGB:
    """A decoded frame of one of our clips, limited-range BT.709, as uint8 `[H, W, 3]` sRGB."""
    return frame.to_ndarray(
        format="rgb24",
        src_colorspace=Colorspace.ITU709,
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
    ).astype("uint8", copy=False)


def top_level_boxes(path: Path) -> list[str]:
    """The types of an MP4 file's outermost boxes in their order, such as `["ftyp", "moov", "mdat"]`."""
    boxes = []
    file_size = path.stat().st_size
    with path.open("rb") as file:
        at = 0
        while at + _BOX_HEADER <= file_size:
            file.seek(at)
            header = file.read(_LARGE_BOX_HEADER)
            boxes.append(header[4:8].decode("latin-1"))
            at += max(_box_size(header, file_size - at), _BOX_HEADER)
    return boxes


def _box_size(header: bytes, rest: int) -> int:
    size = int.from_bytes(header[:4], "big")
    if size == 1:
        return int.from_bytes(header[8:16], "big")
    return size or rest
