"""Unfinished files: on this machine's own disk, one folder for each attempt, whatever becomes of a share meanwhile."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import structlog

from jobs.job import is_id
from jobs.store import in_plain_words

log = structlog.get_logger("jobs")

FOLDER = "scratch"
"""Its name in the data folder."""

YOUNG_S = 60.0
"""Seconds for which a folder of an unknown attempt is left alone: whoever made it may not have been heard of yet."""


class Scratch:
    """The folders of attempts, within `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def make(self, job_id: str, lease: str) -> Path:
        """The folder of one attempt; it is there after the call. Raises `ClipError` where there is no room."""
        folder = self._folder(job_id, lease)
        with in_plain_words():
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    def clear(self, job_id: str, lease: str) -> None:
        """The attempt is over: its files go."""
        shutil.rmtree(self._folder(job_id, lease), ignore_errors=True)

    def clear_others(self, job_id: str, lease: str) -> None:
        """What attempts other than that of `lease` have left of a job goes; for who holds the lease."""
        for folder in self._root.glob(f"{job_id}-*"):
            if folder.name != f"{job_id}-{lease}":
                shutil.rmtree(folder, ignore_errors=True)

    def sweep(self, lease_of: Callable[[str], str]) -> None:
        """What attempts have left whose lease is gone: `lease_of(job_id)` is read after the folder was seen.

        An attempt has its lease before its folder, so one that runs is always found to hold it.
        """
        for job_id, lease, age_s in list(self._all()):
            if age_s > YOUNG_S and lease_of(job_id) != lease:
                log.info("unfinished files of a lost attempt removed", job=job_id)
                self.clear(job_id, lease)

    def _all(self) -> Iterator[tuple[str, str, float]]:
        for folder in self._root.glob("*-*"):
            job_id, _, lease = folder.name.partition("-")
            if is_id(job_id):
                yield job_id, lease, _age_s(folder)

    def _folder(self, job_id: str, lease: str) -> Path:
        return self._root / f"{job_id}-{lease}"


def _age_s(folder: Path) -> float:
    """Seconds since something was added; 0 where it is gone already."""
    try:
        return time.time() - folder.stat().st_mtime
    except FileNotFoundError:
        return 0.0
