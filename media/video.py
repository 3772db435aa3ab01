"""Frames, and perhaps sound, to a video file: H.264 in MP4, VP9 or AV1 in WebM."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from media.priorities import kept_priorities
from media.recipe import RECIPE_TAG
from media.spec import ClipSpec
from pipelines.contract import RGB

SOUND_RATE = 48_000
"""Samples per second: the one rate that AAC, Opus and every player take."""

SOUND_BITS = 128_000
"""Bits per second of stereo sound: transparent for most ears in AAC and in Opus."""

_SOUND_BLOCK = 1024
"""Samples handed to the encoder at once; it cuts them as it needs."""

Sound = NDArray[np.float32]
"""Stereo samples `[n, 2]` in [-1, 1] at `SOUND_RATE`."""


@dataclass(frozen=True)
class VideoKind:
    """How a video file is made: container, codecs, and their options."""

    container: str
    codec: str
    options: Mapping[str, str]
    sound_codec: str
    container_options: Mapping[str, str] = field(default_factory=dict)
    bit_rate: int = 0
    """Bits per second of the picture, or 0 where `options` ask for a quality."""


H264 = VideoKind(
    "mp4",
    "libx264",
    # The constant rate factor 18 counts as visually lossless; one less makes up for the quick preset, which takes half
    # the time of "medium" and a fifth more bytes for the same likeness.
    {"crf": "17", "preset": "veryfast"},
    "aac",
    # The index goes to the front, so that browsers play while they load; tags are kept letter by letter.
    {"movflags": "+faststart+use_metadata_tags"},
)

VP9 = VideoKind(
    "webm", "libvpx-vp9", {"crf": "24", "b": "0", "deadline": "good", "cpu-used": "5", "row-mt": "1"}, "libopus"
)
"""Constant quality asks for a bit rate of 0; effort 5 of 8 is the slowest that keeps up with playing on two cores."""

AV1 = VideoKind("webm", "libsvtav1", {"crf": "28", "preset": "9"}, "libopus")
"""Preset 9 of 13: about as quick as VP9's, a third fewer bytes."""


def write_video(path: Path, frames: Iterable[RGB], spec: ClipSpec, kind: VideoKind, sound: Sound | None = None) -> None:
    """Writes `frames`, each uint8 `[spec.height, spec.width, 3]` sRGB, as they come, and `sound` beside them.

    Tagged and converted as limited-range BT.709, 4:2:0. Raises PyAV's errors and `OSError` where the file cannot be
    written, and whatever `frames` raises.
    """
    options = dict(kind.container_options)
    with av.open(str(path.absolute()), "w", format=kind.container, options=options) as container:
        if spec.recipe:
            container.metadata[RECIPE_TAG] = spec.recipe
        stream = _video_stream(container, spec, kind)
        heard = _sound_stream(container, kind) if sound is not None else None
        reformatter = VideoReformatter()
        for index, frame in enumerate(frames):
            picture = _to_bt709(frame, reformatter)
            picture.pts, picture.time_base = index, 1 / spec.fps
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
        if heard is not None and sound is not None:
            for block in _sound_blocks(sound):
                container.mux(heard.encode(block))
            container.mux(heard.encode())


def with_bit_rate(kind: VideoKind, bits_per_second: int, **options: str) -> VideoKind:
    """The same kind at a given average rate of the picture instead of a given quality."""
    kept = {name: value for name, value in kind.options.items() if name != "crf"}
    return replace(kind, options=kept | options, bit_rate=bits_per_second)


def _video_stream(container: OutputContainer, spec: ClipSpec, kind: VideoKind) -> VideoStream:
    stream = cast(VideoStream, container.add_stream(kind.codec, rate=spec.fps, options=dict(kind.options)))
    stream.width, stream.height, stream.pix_fmt = spec.width, spec.height, "yuv420p"
    context = stream.codec_context
    if kind.bit_rate:
        context.bit_rate = kind.bit_rate
    context.color_primaries = ColorPrimaries.BT709
    context.color_trc = ColorTrc.BT709
    context.colorspace = Colorspace.ITU709
    context.color_range = ColorRange.MPEG
    with kept_priorities():
        context.open()
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


def _sound_stream(container: OutputContainer, kind: VideoKind) -> AudioStream:
    stream = cast(AudioStream, container.add_stream(kind.sound_codec, rate=SOUND_RATE, layout="stereo"))
    stream.codec_context.bit_rate = SOUND_BITS
    return stream


def _sound_blocks(sound: Sound) -> Iterator[AudioFrame]:
    for start in range(0, len(sound), _SOUND_BLOCK):
        block = AudioFrame.from_ndarray(
            np.ascontiguousarray(sound[start : start + _SOUND_BLOCK].reshape(1, -1)), "flt", "stereo"
        )
        block.sample_rate, block.pts, block.time_base = SOUND_RATE, start, Fraction(1, SOUND_RATE)
        yield block
