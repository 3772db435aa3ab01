"""A file that appears under its name only when it is complete, stored and verified."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av.error

from pipelines.errors import ClipError

FREE_SPACE_FLOOR = 200_000_000
"""Bytes that must be free before a clip is started: room for the clip twice (the index is moved to the front) and for
the database beside it."""

DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the operating system says where there is no room for a file."""

MAKE_ROOM = "Delete clips that are no longer needed."
"""The cure that a person is told."""

_NOT_ALLOWED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR})


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Where to write what is to become `path`: if nothing was raised, it is synced and renamed, else removed.

    Raises `ClipError` for a disk that is full and a folder that cannot be written to.
    """
    partial = partial_path(path)
    try:
        with in_plain_words():
            _check_free_space(path.parent)
            # Before anything is computed: a folder that cannot be written to is known now, not after the model ran.
            partial.touch()
            yield partial
            sync(partial)
            move_whole(partial, path)
    finally:
        _remove(partial)


def partial_path(path: Path) -> Path:
    """Where an unfinished file is written: in the same folder, so that renaming it is one step; another each time, so
    that two who write the same file do not write into one."""
    return path.with_name(f"{path.name}.{secrets.token_hex(4)}.partial")


@contextmanager
def in_plain_words() -> Iterator[None]:
    """Failures of the disk and of FFmpeg as `ClipError`."""
    try:
        yield
    except (av.error.FFmpegError, OSError) as error:
        code = error.errno
        if code in DISK_FULL:
            raise ClipError("The disk is full: the clip could not be stored.", MAKE_ROOM) from error
        if code in _NOT_ALLOWED:
            raise ClipError(
                "The clip could not be stored: its folder cannot be written to.",
                "See that the folder exists and that Stillmotion may write there.",
            ) from error
        raise ClipError("The clip could not be written.", "Make it again; the log names the cause.") from error


def _check_free_space(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < FREE_SPACE_FLOOR:
        raise ClipError(
            f"The disk is almost full: {free // 1_000_000} MB are free where clips are stored,"
            f" and {FREE_SPACE_FLOOR // 1_000_000} MB are needed.",
            MAKE_ROOM,
        )


def _remove(partial: Path) -> None:
    try:
        partial.unlink(missing_ok=True)
    except OSError:
        # its folder is gone or closed to us: then so is the file, and the first error says why
        return


def move_whole(source: Path, path: Path) -> None:
    """Rename a file that is already on disk, for good. Raises `OSError`."""
    source.replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Wait until the disk has a file, or the names in a folder. Raises `OSError`."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


PRIVATE = 0o600
"""The mode of a file that only this user may read."""


def private_folder(folder: Path) -> None:
    """Make a folder that only this user may look into; one that is there becomes such. Raises `OSError`."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)


def write_whole(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Write or replace a file so that readers find the old content or the new, never a part. Raises `OSError`.

    Its `mode` is that of a new file, less what the umask takes.
    """
    partial = partial_path(path)
    try:
        opened = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(opened, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        move_whole(partial, path)
    finally:
        partial.unlink(missing_ok=True)
