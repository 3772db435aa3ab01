"""Clips kept elsewhere: S3, another server, whatever fsspec has a driver for."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import fsspec

from jobs.files import copy_whole
from jobs.job import is_id
from jobs.store import AWAY, NOT_THERE, in_plain_words
from pipelines.errors import StoreError, UnknownJob

KEPT = 64
"""Files kept on this machine after they were asked for: a browser asks for a clip in several parts."""


class RemoteStore:
    """Implements `Store` at an fsspec URL. Unfinished files, and copies of what was asked for, are in `local`."""

    def __init__(self, url: str, local: Path) -> None:
        self._local, self._copies = local, local / "copies"
        with in_plain_words():
            self._copies.mkdir(parents=True, exist_ok=True)
        try:
            self._files, self._root = fsspec.core.url_to_fs(url)
        except (ValueError, ImportError) as error:
            raise StoreError(f"The store {url} cannot be used: {error}.", "Correct STILLMOTION_STORE.") from error
        with in_plain_words():
            self._files.makedirs(self._root, exist_ok=True)

    def scratch(self, job_id: str, lease: str) -> Path:
        """See `Store.scratch`."""
        folder = self._local / f"{job_id}-{lease}"
        with in_plain_words():
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    def clear_scratch(self, job_id: str, lease: str) -> None:
        """See `Store.clear_scratch`."""
        shutil.rmtree(self._local / f"{job_id}-{lease}", ignore_errors=True)

    def clear_old_scratch(self, job_id: str, lease: str) -> None:
        """See `Store.clear_old_scratch`: on this machine alone, each has its own."""
        for folder in self._local.glob(f"{job_id}-*"):
            if folder.name != f"{job_id}-{lease}":
                shutil.rmtree(folder, ignore_errors=True)

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
            if not copy.is_file():
                self._download(source, copy)
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
            return float(shutil.disk_usage(self._local).free)

    def ages(self) -> Iterator[tuple[str, float]]:
        """See `Store.ages`."""
        with in_plain_words():
            self._files.invalidate_cache()
            for folder in self._files.ls(self._root, detail=False):
                job_id = folder.rstrip("/").rpartition("/")[2]
                if is_id(job_id):
                    yield job_id, time.time() - max(map(_written, self._files.ls(folder, detail=True)), default=0.0)

    def check(self) -> None:
        """See `Store.check`."""
        with in_plain_words():
            self._files.invalidate_cache()
            if not self._files.isdir(self._root):
                raise StoreError(*AWAY)

    def _upload(self, source: Path, target: str) -> None:
        partial = f"{target}.uploading"
        with in_plain_words():
            self._files.makedirs(target.rpartition("/")[0], exist_ok=True)
            self._files.put_file(str(source), partial)
            self._files.mv(partial, target)
            self._files.invalidate_cache()

    def _download(self, source: str, copy: Path) -> None:
        arriving = self.scratch("arriving", copy.name) / "file"
        self._files.get_file(source, str(arriving))
        copy_whole(arriving, copy)
        self.clear_scratch("arriving", copy.name)
        newest_last = sorted(self._copies.iterdir(), key=lambda path: path.stat().st_mtime)
        for old in newest_last[:-KEPT]:
            old.unlink(missing_ok=True)

    def _at(self, job_id: str, name: str) -> str:
        if not is_id(job_id):
            raise UnknownJob(*NOT_THERE)
        return f"{self._root}/{job_id}/{name}"


def _written(entry: dict[str, Any]) -> float:
    """Seconds since 1970 at which a file was written; now, where its store does not tell."""
    for name in ("mtime", "created", "LastModified"):
        if name in entry:
            value = entry[name]
            return float(value) if isinstance(value, int | float) else float(value.timestamp())
    return time.time()
