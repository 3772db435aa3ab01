"""Files that were made on demand leave again: by age, for room, with their job. All are made again when asked for."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from jobs.files import listed, remove_empty, two_floors_down

FOLDER = "exports"
"""Their place in the data folder: one folder for each job, one in it for each wish."""

KEPT_S = 24 * 3600.0
"""Seconds after which a file that nobody has asked for is forgotten."""

IN_USE_S = 600.0
"""Seconds for which a file stays in any case: it is being made, or somebody is downloading it."""


class KeptExports:
    """The folder of all exports, as its caretaker sees it: whoever asks for one at the same moment is not disturbed."""

    def __init__(self, data: Path) -> None:
        self._root = data / FOLDER

    def tidy(self, most_bytes: float) -> None:
        """Forget what nobody has asked for in a day, and the longest unasked where all are more than `most_bytes`."""
        for wish in self._wishes():
            if _unasked_s(wish) > KEPT_S:
                shutil.rmtree(wish, ignore_errors=True)
        self._make_room(most_bytes)
        remove_empty(self._root)

    def forget(self, job_id: str) -> None:
        """The job was deleted for good: so are its files."""
        shutil.rmtree(self._root / job_id, ignore_errors=True)

    def _make_room(self, most_bytes: float) -> None:
        newest_first = sorted(self._wishes(), key=_unasked_s)
        kept = 0
        for wish in newest_first:
            kept += _bytes_in(wish)
            if kept > most_bytes and _unasked_s(wish) > IN_USE_S:
                shutil.rmtree(wish, ignore_errors=True)

    def _wishes(self) -> list[Path]:
        return two_floors_down(self._root)


def _unasked_s(folder: Path) -> float:
    """Seconds since it was asked for; 0 where it is gone."""
    try:
        return time.time() - folder.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _bytes_in(folder: Path) -> int:
    total = 0
    for file in listed(folder):
        try:
            total += file.stat().st_size
        except FileNotFoundError:
            continue
    return total
