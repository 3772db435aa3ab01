"""`write_clip`: frames to a finished MP4 file that was probed before it got its name."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

from media.probe import ClipFacts, probe_clip, verify
from media.spec import ClipSpec
from media.video import H264, write_video
from media.whole_file import written_whole
from pipelines.contract import RGB, FrameChunk
from pipelines.errors import ClipError, StillmotionError


def write_clip(path: Path, chunks: Iterable[FrameChunk], spec: ClipSpec) -> ClipFacts:
    """Writes an H.264 MP4 (yuv420p, BT.709, index first) and returns what a probe found in it.

    Frames are encoded as the chunks come; the whole clip is never in memory. `path` appears only when the file is
    complete, stored and verified; until then it is `partial_path(path)`, which no failure leaves behind. Raises
    `ClipError` where the disk or the frames fail; `Cancelled` and every other `StillmotionError` of the chunks pass.
    """
    _check_even(spec)
    try:
        with written_whole(path) as partial:
            write_video(partial, _checked_frames(chunks, spec), spec, H264)
            facts = probe_clip(partial)
            verify(facts, spec)
    finally:
        if isinstance(chunks, Generator):
            # frees what the model holds, now and not when the traceback goes
            chunks.close()
    return facts


def _check_even(spec: ClipSpec) -> None:
    if spec != spec.even():
        raise ClipError(
            f"A clip cannot be {spec.width} x {spec.height} pixels: H.264 needs even sizes.",
            "Use a width and a height that are multiples of 64.",
        )


def _checked_frames(chunks: Iterable[FrameChunk], spec: ClipSpec) -> Iterator[RGB]:
    """Single frames uint8 `[H, W, 3]`, in order, of the right size, and exactly as many as asked for."""
    count = 0
    for chunk in _named_failures(chunks):
        if (
            chunk.start != count
            or chunk.frames.dtype != "uint8"
            or chunk.frames.shape[1:] != (spec.height, spec.width, 3)
        ):
            raise ClipError(
                f"The model gave frames {chunk.frames.dtype} {chunk.frames.shape} from {chunk.start}"
                f" where uint8 {spec.height} x {spec.width} from {count} was due.",
                "This is a fault of the model's code: please report it.",
            )
        yield from chunk.frames
        count += len(chunk.frames)
    if count != spec.num_frames:
        raise ClipError(f"The model gave {count} frames instead of {spec.num_frames}.", "Make the clip again.")


def _named_failures(chunks: Iterable[FrameChunk]) -> Iterator[FrameChunk]:
    try:
        yield from chunks
    except StillmotionError:
        raise
    except Exception as error:
        raise ClipError(
            f"The frames stopped with an error of the model: {type(error).__name__}.", "Make the clip again."
        ) from error
