"""Where stills and clips are kept: a folder on this machine or a shared one. Elsewhere: `jobs.remote_store`."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from jobs.files import copy_whole
from jobs.job import is_id
from jobs.settings import GB
from media.whole_file import DISK_FULL, MAKE_ROOM, move_whole
from pipelines.errors import ClipError, StoreError, UnknownJob

WORK = ".work-"
"""Begins the name of a folder with the unfinished files of one attempt; the lease follows."""

NOT_THERE = ("This clip is not there.", "It is not finished, was stopped, or was deleted.")

AWAY = (
    "The place where clips are kept is away.",
    "See that the disk or share is there and may be written to; nothing is lost, and work goes on when it is back.",
)


class Store(Protocol):
    """Files of jobs by name (`jobs.job.STILL` and so on). Every method raises `StoreError` where the place is away."""

    def scratch(self, job_id: str, lease: str) -> Path:
        """A local folder for the unfinished files of one attempt; it is there after the call."""
        ...

    def clear_scratch(self, job_id: str, lease: str) -> None:
        """The attempt is over: its unfinished files go."""
        ...

    def clear_old_scratch(self, job_id: str, lease: str) -> None:
        """What attempts other than that of `lease` have left goes."""
        ...

    def take_in(self, job_id: str, name: str, source: Path) -> None:
        """Copy a file from elsewhere. Raises `ClipError` where there is no room."""
        ...

    def put(self, job_id: str, name: str, finished: Path) -> None:
        """Move a file, complete and on disk, from the scratch folder to its name. Raises `ClipError` without room."""
        ...

    def fetch(self, job_id: str, name: str) -> Path:
        """The file, for reading, on this machine. Raises `UnknownJob` where it is not there."""
        ...

    def drop(self, job_id: str, name: str) -> None:
        """Remove one file of a job; it need not be there."""
        ...

    def remove(self, job_id: str) -> None:
        """Remove all files of a job; none need be there."""
        ...

    def free_bytes(self) -> float:
        """Bytes that can still be written; infinite where nobody knows."""
        ...

    def ages(self) -> Iterator[tuple[str, float]]:
        """Each job that has files, with the seconds since the newest was added."""
        ...

    def check(self) -> None:
        """Raises `StoreError` where the place is away."""
        ...


class FolderStore:
    """Implements `Store` in a folder, one folder for each job within. Many hosts may share it."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def scratch(self, job_id: str, lease: str) -> Path:
        """See `Store.scratch`: beside the finished files, so that finishing one is a rename."""
        with in_plain_words():
            folder = self._folder(job_id)
            folder.mkdir(exist_ok=True)
            scratch = folder / (WORK + lease)
            scratch.mkdir(exist_ok=True)
        return scratch

    def clear_scratch(self, job_id: str, lease: str) -> None:
        """See `Store.clear_scratch`."""
        shutil.rmtree(self._folder(job_id) / (WORK + lease), ignore_errors=True)

    def clear_old_scratch(self, job_id: str, lease: str) -> None:
        """See `Store.clear_old_scratch`."""
        for folder in self._folder(job_id).glob(f"{WORK}*"):
            if folder.name != WORK + lease:
                shutil.rmtree(folder, ignore_errors=True)

    def take_in(self, job_id: str, name: str, source: Path) -> None:
        """See `Store.take_in`."""
        with in_plain_words():
            folder = self._folder(job_id)
            folder.mkdir(exist_ok=True)
            copy_whole(source, folder / name)

    def put(self, job_id: str, name: str, finished: Path) -> None:
        """See `Store.put`."""
        with in_plain_words():
            move_whole(finished, self._folder(job_id) / name)

    def fetch(self, job_id: str, name: str) -> Path:
        """See `Store.fetch`."""
        path = self._folder(job_id) / name
        if not path.is_file():
            self.check()
            raise UnknownJob(*NOT_THERE)
        return path

    def drop(self, job_id: str, name: str) -> None:
        """See `Store.drop`."""
        with in_plain_words():
            (self._folder(job_id) / name).unlink(missing_ok=True)

    def remove(self, job_id: str) -> None:
        """See `Store.remove`."""
        self.check()
        shutil.rmtree(self._folder(job_id), ignore_errors=True)

    def free_bytes(self) -> float:
        """See `Store.free_bytes`."""
        with in_plain_words():
            return float(shutil.disk_usage(self._root).free)

    def ages(self) -> Iterator[tuple[str, float]]:
        """See `Store.ages`."""
        with in_plain_words():
            now = time.time()
            for folder in self._root.iterdir():
                if is_id(folder.name):
                    yield folder.name, now - folder.stat().st_mtime

    def check(self) -> None:
        """See `Store.check`."""
        if not self._root.is_dir():
            raise StoreError(*AWAY)

    def _folder(self, job_id: str) -> Path:
        if not is_id(job_id):
            raise UnknownJob(*NOT_THERE)
        return self._root / job_id


def check_room(store: Store, free_gb: float) -> None:
    """Raises `ClipError` where less than `free_gb` is free, before a job is taken that could not be stored."""
    free = store.free_bytes()
    if free < free_gb * GB:
        raise ClipError(
            f"The disk is almost full: {free / GB:.1f} GB are free where clips are kept, and {free_gb:g} GB stay free.",
            MAKE_ROOM,
        )


@contextmanager
def in_plain_words() -> Iterator[None]:
    """File errors as `ClipError` where the disk is full, and as `StoreError` otherwise."""
    try:
        yield
    except OSError as error:
        if error.errno in DISK_FULL:
            raise ClipError("The disk is full.", MAKE_ROOM) from error
        raise StoreError(*AWAY) from error
