"""Where stills and clips are kept: a folder on this machine or a shared one. Elsewhere: `jobs.remote_store`."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from jobs.files import bring_whole, copy_whole
from jobs.job import is_id
from jobs.settings import GB
from media.whole_file import DISK_FULL, MAKE_ROOM, write_whole
from pipelines.errors import ClipError, StoreError, UnknownJob

LABEL = ".database"
"""The file in a store that holds the id of its database."""

ASIDE = ".unknown"
"""The folder in a store for files of jobs that its database does not know."""

NOT_THERE = ("This clip is not there.", "It is not finished, was stopped, or was deleted.")

AWAY = (
    "The place where clips are kept is away.",
    "See that the disk or share is there and may be written to; nothing is lost, and work goes on when it is back.",
)


class Store(Protocol):
    """Files of jobs by name (`jobs.job.STILL` and so on). Every method raises `StoreError` where the place is away."""

    def take_in(self, job_id: str, name: str, source: Path) -> None:
        """Copy a file from elsewhere. Raises `ClipError` where there is no room."""
        ...

    def put(self, job_id: str, name: str, finished: Path) -> None:
        """Move a local file, complete and on disk, to its name. Raises `ClipError` without room."""
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

    def jobs(self) -> Iterator[str]:
        """The ids of jobs that have files."""
        ...

    def age_s(self, job_id: str) -> float:
        """Seconds since the newest file of a job was added; 0 where there is none."""
        ...

    def label(self) -> str:
        """The id of the database whose clips these are; empty before it is set."""
        ...

    def set_label(self, label: str) -> None:
        """From now on the clips are those of this database."""
        ...

    def set_aside(self, job_id: str, day: str) -> None:
        """Move all files of a job into the folder of that day within `ASIDE`."""
        ...

    def asides(self) -> Iterator[tuple[str, str]]:
        """What was set aside: day and id of each."""
        ...

    def bring_back(self, day: str, job_id: str) -> None:
        """Undo `set_aside`."""
        ...

    def remove_aside(self, day: str) -> None:
        """Remove what was set aside on that day, for good."""
        ...

    def check(self) -> None:
        """Raises `StoreError` where the place is away."""
        ...


class FolderStore:
    """Implements `Store` in a folder, one folder for each job within. Many hosts may share it."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._label = self._root / LABEL
        self._was_labelled = self._label.is_file()

    def take_in(self, job_id: str, name: str, source: Path) -> None:
        """See `Store.take_in`."""
        with in_plain_words():
            folder = self._made(job_id)
            copy_whole(source, folder / name)

    def put(self, job_id: str, name: str, finished: Path) -> None:
        """See `Store.put`."""
        self.check()
        with in_plain_words():
            folder = self._made(job_id)
            bring_whole(finished, folder / name)

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

    def jobs(self) -> Iterator[str]:
        """See `Store.jobs`."""
        with in_plain_words():
            yield from (folder.name for folder in self._root.iterdir() if is_id(folder.name))

    def age_s(self, job_id: str) -> float:
        """See `Store.age_s`."""
        with in_plain_words(), suppress(FileNotFoundError):
            return time.time() - self._folder(job_id).stat().st_mtime
        return 0.0

    def label(self) -> str:
        """See `Store.label`."""
        self.check()
        with in_plain_words():
            return self._label.read_text() if self._is_labelled() else ""

    def set_label(self, label: str) -> None:
        """See `Store.set_label`."""
        with in_plain_words():
            write_whole(self._label, label.encode())
        self._was_labelled = True

    def set_aside(self, job_id: str, day: str) -> None:
        """See `Store.set_aside`."""
        with in_plain_words():
            (self._root / ASIDE / day).mkdir(parents=True, exist_ok=True)
            self._folder(job_id).rename(self._root / ASIDE / day / job_id)

    def asides(self) -> Iterator[tuple[str, str]]:
        """See `Store.asides`."""
        with in_plain_words():
            for folder in (self._root / ASIDE).glob("*/*"):
                if is_id(folder.name):
                    yield folder.parent.name, folder.name

    def bring_back(self, day: str, job_id: str) -> None:
        """See `Store.bring_back`."""
        with in_plain_words():
            (self._root / ASIDE / day / job_id).rename(self._folder(job_id))

    def remove_aside(self, day: str) -> None:
        """See `Store.remove_aside`."""
        shutil.rmtree(self._root / ASIDE / Path(day).name, ignore_errors=True)

    def check(self) -> None:
        """See `Store.check`."""
        # where a share is away, the empty folder that it is mounted on is still there
        if not self._root.is_dir() or (self._was_labelled and not self._is_labelled()):
            raise StoreError(*AWAY)

    def _is_labelled(self) -> bool:
        self._was_labelled = self._label.is_file() or self._was_labelled
        return self._label.is_file()

    def _made(self, job_id: str) -> Path:
        """The folder of a job: nobody else of this machine looks into it."""
        folder = self._folder(job_id)
        folder.mkdir(exist_ok=True, mode=0o700)
        return folder

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
