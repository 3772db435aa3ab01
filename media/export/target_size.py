"""An MP4 that is no larger than a chat application takes."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from media.export.export import export, prepared
from media.export.facts import ExportFacts
from media.export.formats import FORMATS
from media.export.frames import Frames
from media.spec import ClipSpec
from media.video import H264, SOUND_BITS, Sound, VideoKind, with_bit_rate, write_video
from pipelines.errors import InputError

MEGABYTE = 1_000_000

TARGETS: Mapping[str, int] = {"8 MB": 8 * MEGABYTE, "16 MB": 16 * MEGABYTE, "25 MB": 25 * MEGABYTE}
"""Limits of chat and mail in bytes, as their makers count."""

HEADROOM = 0.94
"""Share of the target that is aimed at: the container takes some, and rate control misses by a few percent."""

SLACK = 0.88
"""How much lower each further attempt aims where the last one was still too large."""

ATTEMPTS = 3

LEAST_BITS_PER_PIXEL = 0.008
"""Bits per pixel of H.264 below which nothing of a picture is left but blocks."""


def bytes_within(name: str) -> int:
    """The limit of this name in bytes, 0 for an empty one; raises `InputError` for one that is none of ours."""
    if name and name not in TARGETS:
        raise InputError(f"There is no limit called {name}.", f"The limits are {', '.join(TARGETS)}.")
    return TARGETS.get(name, 0)


def export_within(
    path: Path, frames: Frames, spec: ClipSpec, most_bytes: int, sound: Sound | None = None
) -> ExportFacts:
    """Writes an MP4 of at most `most_bytes`: at full quality if that fits, else by two passes of rate control.

    Raises `InputError` where no picture would be left at that size, and what `export` raises.
    """
    facts = export(path, frames, spec, FORMATS["mp4"], sound)
    even = spec.even()
    bits = _bits_for_picture(even, most_bytes, sound is not None)
    for _ in range(ATTEMPTS):
        if path.stat().st_size <= most_bytes:
            return facts
        path.unlink()
        _refuse_too_few(bits, even, most_bytes)
        facts = _two_passes(path, frames, spec, bits, sound)
        bits = round(bits * SLACK)
    if path.stat().st_size <= most_bytes:
        return facts
    path.unlink()
    raise _too_small(most_bytes)


def _bits_for_picture(spec: ClipSpec, most_bytes: int, has_sound: bool) -> int:
    """Bits per second that are left for the picture."""
    return round(most_bytes * 8 * HEADROOM / spec.seconds - (SOUND_BITS if has_sound else 0))


def _refuse_too_few(bits: int, spec: ClipSpec, most_bytes: int) -> None:
    if bits < LEAST_BITS_PER_PIXEL * spec.width * spec.height * float(spec.fps):
        raise _too_small(most_bytes)


def _too_small(most_bytes: int) -> InputError:
    size = f"{most_bytes / MEGABYTE:g} MB"
    return InputError(f"This clip cannot be made as small as {size}.", "Make it shorter or smaller, or allow more.")


def _two_passes(path: Path, frames: Frames, spec: ClipSpec, bits: int, sound: Sound | None) -> ExportFacts:
    """What x264 learns about the frames in a first pass decides in the second which of them gets how many bits."""
    with tempfile.TemporaryDirectory() as folder:
        first, second = (_pass(number, Path(folder), bits) for number in (1, 2))
        # the file of the first pass is nobody's: only what was learnt is kept
        write_video(Path(folder) / "first.mp4", *prepared(frames, spec, FORMATS["mp4"]), first)
        return export(path, frames, spec, replace(FORMATS["mp4"], video=second), sound)


def _pass(number: int, folder: Path, bits: int) -> VideoKind:
    return with_bit_rate(
        H264, bits, **{"x264-params": f"pass={number}:stats={folder / 'x264.log'}", "preset": "medium"}
    )
