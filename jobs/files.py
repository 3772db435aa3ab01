"""Files that are there whole or not at all, whatever dies in between."""

from __future__ import annotations

import errno
import shutil
import time
from contextlib import suppress
from pathlib import Path

from media.whole_file import PRIVATE, move_whole, partial_path, sync


def copy_whole(source: Path, path: Path) -> None:
    """Copy a file to where readers, of this user, find all of it or nothing. Raises `OSError`."""
    partial = partial_path(path)
    try:
        partial.touch(mode=PRIVATE)
        shutil.copyfile(source, partial)
        sync(partial)
        move_whole(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def bring_whole(source: Path, path: Path) -> None:
    """Move a file that is on disk, perhaps to another disk; readers find all of it or nothing. Raises `OSError`."""
    try:
        move_whole(source, path)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        copy_whole(source, path)
        source.unlink()


def listed(folder: Path) -> list[Path]:
    """What is in a folder; nothing where it is gone or none. A glob fails where a folder goes while it looks."""
    with suppress(OSError):
        return list(folder.iterdir())
    return []


def two_floors_down(folder: Path) -> list[Path]:
    """What is in the folders in a folder; others may come and go meanwhile."""
    return [entry for parent in listed(folder) for entry in listed(parent)]


def forget_old(folder: Path, seconds: float) -> None:
    """Remove what lies two floors below a folder and is older."""
    for entry in two_floors_down(folder):
        with suppress(OSError):
            if time.time() - entry.stat().st_mtime > seconds:
                shutil.rmtree(entry)
    remove_empty(folder)


def remove_empty(folder: Path) -> None:
    """Remove the empty folders in a folder; those that hold something stay."""
    for inner in listed(folder):
        with suppress(OSError):
            inner.rmdir()
