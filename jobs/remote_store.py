"""Clips kept elsewhere: S3, another server, whatever fsspec has a driver for."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import fsspec

from jobs.job import is_id
from jobs.one_at_a_time import OneAtATime
from jobs.store import ASIDE, AWAY, LABEL, NOT_THERE, in_plain_words
from media.whole_file import move_whole, partial_path, sync
from pipelines.errors import StoreError, UnknownJob

KEPT = 64
"""Files kept on this machine after they were asked for: a browser asks for a clip in several parts."""

YOUNG_S = 60.0
"""Seconds for which a copy is kept in any case: until whoever asked for it has opened it."""


class RemoteStore:
    """Implements `Store` at an fsspec URL; copies of what was asked for are kept in `copies`."""

    def __init__(self, url: str, copies: Path) -> None:
        self._copies, self._downloads = copies, OneAtATime()
        with in_plain_words():
            self._copies.mkdir(parents=True, exist_ok=True)
        try:
            self._files, self._root = fsspec.core.url_to_fs(url)
        except (ValueError, ImportError) as error:
            raise StoreError(f"The store {url} cannot be used: {error}.", "Correct STILLMOTION_STORE.") from error
        with in_plain_words():
            self._files.makedirs(self._root, exist_ok=True)

    def take_in(self, job_id: str, name: str, source: Path) -> None:
        """See `Store.take_in`."""
        self._upload(source, self._at(job_id, name))

    def put(self, job_id: str, name: str, finished: Path) -> None:
        """See `Store.put`."""
        self._upload(finished, self._at(job_id, name))
        finished.unlink()

    def fetch(self, job_id: str, name: str) -> Path:
        """See `Store.fetch`."""
        source = self._at(job_id, name)
        with in_plain_words():
            if not self._files.isfile(source):
                self.check()
                raise UnknownJob(*NOT_THERE)
            # a preview changes under its name: the key then does, too
            copy = self._copies / f"{job_id}-{self._files.ukey(source)}-{name}"
            with self._downloads.of(copy.name):
                if not copy.is_file():
                    self._download(source, copy)
            # the copies that are asked for are the last to go
            os.utime(copy)
        return copy

    def drop(self, job_id: str, name: str) -> None:
        """See `Store.drop`."""
        with in_plain_words(), suppress(FileNotFoundError):
            self._files.rm_file(self._at(job_id, name))

    def remove(self, job_id: str) -> None:
        """See `Store.remove`."""
        with in_plain_words(), suppress(FileNotFoundError):
            self._files.rm(self._at(job_id, "").rstrip("/"), recursive=True)
        for copy in self._copies.glob(f"{job_id}-*"):
            copy.unlink(missing_ok=True)

    def free_bytes(self) -> float:
        """See `Store.free_bytes`: of this machine, where clips are made; the other end has no such figure."""
        with in_plain_words():
            return float(shutil.disk_usage(self._copies).free)

    def jobs(self) -> Iterator[str]:
        """See `Store.jobs`."""
        yield from filter(is_id, self._names_in(self._root))

    def age_s(self, job_id: str) -> float:
        """See `Store.age_s`."""
        with in_plain_words(), suppress(FileNotFoundError):
            files = self._files.ls(f"{self._root}/{job_id}", detail=True)
            return time.time() - max(map(_written, files), default=0.0)
        return 0.0

    def label(self) -> str:
        """See `Store.label`."""
        self.check()
        with in_plain_words(), suppress(FileNotFoundError):
            return str(self._files.cat_file(f"{self._root}/{LABEL}").decode())
        return ""

    def set_label(self, label: str) -> None:
        """See `Store.set_label`."""
        with in_plain_words():
            self._files.pipe_file(f"{self._root}/{LABEL}", label.encode())

    def set_aside(self, job_id: str, day: str) -> None:
        """See `Store.set_aside`."""
        self._move(f"{self._root}/{job_id}", f"{self._root}/{ASIDE}/{day}", job_id)

    def asides(self) -> Iterator[tuple[str, str]]:
        """See `Store.asides`."""
        for day in self._names_in(f"{self._root}/{ASIDE}"):
            yield from ((day, each) for each in self._names_in(f"{self._root}/{ASIDE}/{day}") if is_id(each))

    def bring_back(self, day: str, job_id: str) -> None:
        """See `Store.bring_back`."""
        self._move(f"{self._root}/{ASIDE}/{day}/{job_id}", self._root, job_id)

    def remove_aside(self, day: str) -> None:
        """See `Store.remove_aside`."""
        with in_plain_words(), suppress(FileNotFoundError):
            self._files.rm(f"{self._root}/{ASIDE}/{Path(day).name}", recursive=True)

    def check(self) -> None:
        """See `Store.check`."""
        with in_plain_words():
            self._files.invalidate_cache()
            if not self._files.isdir(self._root):
                raise StoreError(*AWAY)

    def _move(self, source: str, folder: str, name: str) -> None:
        with in_plain_words(), suppress(FileNotFoundError):
            self._files.makedirs(folder, exist_ok=True)
            self._files.mv(source, f"{folder}/{name}", recursive=True)
            self._files.invalidate_cache()

    def _names_in(self, folder: str) -> list[str]:
        with in_plain_words(), suppress(FileNotFoundError):
            self._files.invalidate_cache()
            return [path.rstrip("/").rpartition("/")[2] for path in self._files.ls(folder, detail=False)]
        return []

    def _upload(self, source: Path, target: str) -> None:
        partial = f"{target}.{secrets.token_hex(4)}.uploading"
        with in_plain_words():
            self._files.makedirs(target.rpartition("/")[0], exist_ok=True)
            self._files.put_file(str(source), partial)
            self._files.mv(partial, target)
            self._files.invalidate_cache()

    def _download(self, source: str, copy: Path) -> None:
        """Workers of this machine may download the same file: each into a place of its own, and the last one stays."""
        arriving = partial_path(copy)
        try:
            self._files.get_file(source, str(arriving))
            sync(arriving)
            move_whole(arriving, copy)
        finally:
            arriving.unlink(missing_ok=True)
        self._forget_oldest()

    def _forget_oldest(self) -> None:
        seen = {path: _seen(path) for path in self._copies.iterdir()}
        for old in sorted(seen, key=lambda path: seen[path])[:-KEPT]:
            # what was handed out just now may not be open yet
            if time.time() - seen[old] > YOUNG_S:
                old.unlink(missing_ok=True)

    def _at(self, job_id: str, name: str) -> str:
        if not is_id(job_id):
            raise UnknownJob(*NOT_THERE)
        return f"{self._root}/{job_id}/{name}"


def _seen(copy: Path) -> float:
    """Seconds since 1970 at which a copy was last asked for; now, where another thread has just removed it."""
    try:
        return copy.stat().st_mtime
    except FileNotFoundError:
        return time.time()


def _written(entry: dict[str, Any]) -> float:
    """Seconds since 1970 at which a file was written; now, where its store does not tell."""
    for name in ("mtime", "created", "LastModified"):
        if name in entry:
            value = entry[name]
            return float(value) if isinstance(value, int | float) else float(value.timestamp())
    return time.time()
