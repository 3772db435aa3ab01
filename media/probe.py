"""What is inside a clip, found by decoding it, and whether that is what was asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from av.video.stream import VideoStream

from media.mp4 import open_mp4, top_level_boxes
from media.recipe import RECIPE_TAG
from media.spec import ClipSpec
from pipelines.errors import ClipError

BT709 = 1
"""Code point of BT.709 for primaries, transfer and matrix alike (ITU-T H.273, tables 2 to 4)."""

LIMITED_RANGE = 1
"""FFmpeg's AVCOL_RANGE_MPEG: luma 16 to 235, which every player expects of yuv420p."""


@dataclass(frozen=True)
class ColourTags:
    """How a clip says its colours are meant: code points of ITU-T H.273, and FFmpeg's number of the range."""

    primaries: int
    transfer: int
    matrix: int
    range: int


OUR_COLOURS = ColourTags(BT709, BT709, BT709, LIMITED_RANGE)


@dataclass(frozen=True)
class ClipFacts:
    """What a clip is. `num_frames` is counted by decoding, `fps` is in frames per second, sizes are in pixels.

    `faststart` tells whether the index stands before the frames, so that a browser plays while it still loads. `recipe`
    is the JSON text inside, or empty.
    """

    codec: str
    pix_fmt: str
    width: int
    height: int
    num_frames: int
    fps: Fraction
    seconds: float
    colours: ColourTags
    faststart: bool
    recipe: str
    has_sound: bool = False


def probe_clip(path: Path) -> ClipFacts:
    """The facts of an MP4 file; decodes all of it. Raises `ClipError` where it cannot be read or decoded."""
    with open_mp4(path) as (container, stream):
        num_frames = sum(1 for _ in container.decode(stream))
        facts = _facts(stream, num_frames, _is_faststart(path), container.metadata.get(RECIPE_TAG, ""))
        return replace(facts, has_sound=bool(container.streams.audio))


def verify(facts: ClipFacts, spec: ClipSpec) -> None:
    """Raises `ClipError` naming the first fact that is not what `spec` asks for."""
    wanted: dict[str, tuple[object, object]] = {
        "codec": (facts.codec, "h264"),
        "pixel format": (facts.pix_fmt, "yuv420p"),
        "size": ((facts.width, facts.height), (spec.width, spec.height)),
        "number of frames": (facts.num_frames, spec.num_frames),
        "frame rate": (facts.fps, spec.fps),
        "length in frames": (round(facts.seconds * spec.fps), spec.num_frames),
        "colour tags": (facts.colours, OUR_COLOURS),
        "index": ("before the frames" if facts.faststart else "behind the frames", "before the frames"),
        "recipe": ("whole" if facts.recipe == spec.recipe else "changed", "whole"),
    }
    for name, (found, asked) in wanted.items():
        if found != asked:
            raise ClipError(f"The finished clip is not right: {name} {found} instead of {asked}.", "Make it again.")


def _facts(stream: VideoStream, num_frames: int, faststart: bool, recipe: str) -> ClipFacts:
    context = stream.codec_context
    return ClipFacts(
        codec=context.name,
        pix_fmt=context.pix_fmt or "",
        width=context.width,
        height=context.height,
        num_frames=num_frames,
        fps=stream.average_rate or Fraction(0),
        seconds=float((stream.duration or 0) * (stream.time_base or 0)),
        colours=ColourTags(context.color_primaries, context.color_trc, context.colorspace, context.color_range),
        faststart=faststart,
        recipe=recipe,
    )


def _is_faststart(path: Path) -> bool:
    boxes = top_level_boxes(path)
    return "moov" in boxes and "mdat" in boxes and boxes.index("moov") < boxes.index("mdat")
