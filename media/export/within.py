"""A file that is no larger than it may be: video by its bit rate, animated pictures by what they keep of the clip."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from math import ceil, log2
from pathlib import Path

from media.export.draft import Draft
from media.export.export import prepared
from media.export.facts import ExportFacts
from media.export.limit import size_words
from media.export.look import Look
from media.video import H264, SOUND_BITS, VideoKind, with_bit_rate, write_video
from pipelines.errors import InputError

HEADROOM = 0.94
"""Share of the limit that is aimed at: the container takes some, and neither rate control nor estimates are exact."""

ATTEMPTS = 3
"""Files that are written until one fits."""

SLACK = 0.88
"""How much lower at least each further attempt of rate control aims where the last one was still too large."""

CRF_OF_HALF = 10
"""Steps of VP9's and AV1's quality after which a file is about half as large."""

COARSEST_CRF = 60
"""Of 63: beyond, nothing of a picture is left but blocks."""

LEAST_BITS_PER_PIXEL = 0.008
"""Bits per pixel of H.264 below which nothing of a picture is left but blocks."""


def written_within(draft: Draft, most_bytes: int) -> ExportFacts:
    """Writes the file with at most `most_bytes`: as it is if that fits, else with as little loss as it takes.

    Raises `InputError` for a format that knows no sizes, where no picture would be left, and what `export` raises.
    """
    if draft.kind.video is not None:
        return _video_within(draft, most_bytes)
    check_has_sizes(draft)
    for look in looks_within(draft, most_bytes)[:ATTEMPTS]:
        facts = draft.looking(look).written()
        if draft.path.stat().st_size <= most_bytes:
            return facts
        draft.path.unlink()
    raise _too_small(draft, most_bytes)


def check_has_sizes(draft: Draft) -> None:
    """Raises `InputError` for a format whose files are as large as they are."""
    if not draft.kind.has_sizes:
        raise InputError(f"{draft.kind.label} cannot be made to a size.", "Choose another format, or any size.")


def looks_within(draft: Draft, most_bytes: int) -> Sequence[Look]:
    """The looks of the format that should fit, the best first. Raises `InputError` for none."""
    looks: Sequence[Look] = draft.kind.looks
    low, high = 0, len(looks)
    while low < high:
        middle = (low + high) // 2
        if draft.looking(looks[middle]).estimated_bytes() <= most_bytes * HEADROOM:
            high = middle
        else:
            low = middle + 1
    if low == len(looks):
        raise _too_small(draft, most_bytes)
    return looks[low:]


def _too_small(draft: Draft, most_bytes: int) -> InputError:
    other = "" if draft.kind.video is not None else ", or choose MP4, which is much smaller"
    return InputError(
        f"As {draft.kind.label}, this clip cannot be made as small as {size_words(most_bytes)}.",
        f"Allow more, or keep fewer frames of it{other}.",
    )


def _video_within(draft: Draft, most_bytes: int) -> ExportFacts:
    video, facts, aim = draft.kind.video, draft.written(), most_bytes * HEADROOM
    for _ in range(ATTEMPTS):
        size = draft.path.stat().st_size
        if size <= most_bytes or video is None:
            return facts
        draft.path.unlink()
        if video is H264:
            facts = _two_passes(draft, _bits(draft, aim, most_bytes))
            aim *= min(SLACK, most_bytes / draft.path.stat().st_size)
        else:
            video = _coarser(video, size / most_bytes)
            if video is None:
                raise _too_small(draft, most_bytes)
            facts = replace(draft, kind=replace(draft.kind, video=video)).written()
    if draft.path.stat().st_size <= most_bytes:
        return facts
    draft.path.unlink()
    raise _too_small(draft, most_bytes)


def _bits(draft: Draft, aim: float, most_bytes: int) -> int:
    """Bits per second that leave the picture `aim` bytes; raises `InputError` where they are too few."""
    spec = draft.spec.even()
    bits = round(aim * 8 / spec.seconds - (SOUND_BITS if draft.sound is not None else 0))
    if bits < LEAST_BITS_PER_PIXEL * spec.width * spec.height * float(spec.fps):
        raise _too_small(draft, most_bytes)
    return bits


def _coarser(video: VideoKind, factor: float) -> VideoKind | None:
    """The kind with files so many times smaller, as far as its scale tells; None where it ends."""
    crf = int(video.options["crf"]) + max(ceil(CRF_OF_HALF * log2(factor / HEADROOM)), 1)
    return replace(video, options={**video.options, "crf": str(crf)}) if crf <= COARSEST_CRF else None


def _two_passes(draft: Draft, bits: int) -> ExportFacts:
    """What x264 learns about the frames in a first pass decides in the second which of them gets how many bits."""
    with tempfile.TemporaryDirectory() as folder:
        first, second = (_pass(number, Path(folder), bits) for number in (1, 2))
        # the file of the first pass is nobody's: only what was learnt is kept
        write_video(Path(folder) / "first.mp4", *prepared(draft.watched, draft.spec, draft.kind), first)
        return replace(draft, kind=replace(draft.kind, video=second)).written()


def _pass(number: int, folder: Path, bits: int) -> VideoKind:
    return with_bit_rate(
        H264, bits, **{"x264-params": f"pass={number}:stats={folder / 'x264.log'}", "preset": "medium"}
    )
