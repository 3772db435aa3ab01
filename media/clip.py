"""`write_clip`: frames to a finished MP4 file that was probed before it got its name."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import av.error

from media.encode import encode
from media.probe import ClipFacts, probe_clip, verify
from media.spec import ClipSpec
from pipelines.contract import RGB, FrameChunk
from pipelines.errors import ClipError, StillmotionError

FREE_SPACE_FLOOR = 200_000_000
"""Bytes that must be free before a clip is started: room for the clip twice (the index is moved to the front) and for
the database beside it."""

_DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NOT_ALLOWED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR})


def write_clip(path: Path, chunks: Iterable[FrameChunk], spec: ClipSpec) -> ClipFacts:
    """Writes an H.264 MP4 (yuv420p, BT.709, index first) and returns what a probe found in it.

    Frames are encoded as the chunks come; the whole clip is never in memory. `path` appears only when the file is
    complete, stored and verified; until then it is `partial_path(path)`, which no failure leaves behind. Raises
    `ClipError` where the disk or the frames fail; `Cancelled` and every other `StillmotionError` of the chunks pass.
    """
    partial = partial_path(path)
    try:
        with _in_plain_words():
            _check_free_space(path.parent)
            # Before any frame is asked for: a folder that cannot be written to is known now, not after the model ran.
            partial.touch()
            encode(partial, _checked_frames(chunks, spec), spec)
            facts = _finished(partial, path, spec)
    finally:
        _remove(partial)
        if isinstance(chunks, Generator):
            # frees what the model holds, now and not when the traceback goes
            chunks.close()
    return facts


def partial_path(path: Path) -> Path:
    """Where an unfinished clip is written: in the same folder, so that renaming it is one step."""
    return path.with_name(f"{path.name}.partial")


def _finished(partial: Path, path: Path, spec: ClipSpec) -> ClipFacts:
    _sync(partial)
    facts = probe_clip(partial)
    verify(facts, spec)
    partial.replace(path)
    _sync(path.parent)
    return facts


def _check_free_space(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < FREE_SPACE_FLOOR:
        raise ClipError(
            f"The disk is almost full: {free // 1_000_000} MB are free where clips are stored,"
            f" and {FREE_SPACE_FLOOR // 1_000_000} MB are needed.",
            "Delete clips that are no longer needed.",
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


@contextmanager
def _in_plain_words() -> Iterator[None]:
    try:
        yield
    except (av.error.FFmpegError, OSError) as error:
        code = error.errno
        if code in _DISK_FULL:
            raise ClipError(
                "The disk is full: the clip could not be stored.", "Delete clips that are no longer needed."
            ) from error
        if code in _NOT_ALLOWED:
            raise ClipError(
                "The clip could not be stored: its folder cannot be written to.",
                "See that the folder exists and that Stillmotion may write there.",
            ) from error
        raise ClipError("The clip could not be written.", "Make it again; the log names the cause.") from error


def _remove(partial: Path) -> None:
    try:
        partial.unlink(missing_ok=True)
    except OSError:
        # its folder is gone or closed to us: then so is the file, and the first error says why
        return


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
