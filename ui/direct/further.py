"""Further stills that a clip comes by: kept by what they are, found again in what was uploaded or in a clip's job."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from jobs.further import sha256_of
from jobs.queue import JobQueue
from media.stills import open_still, reduced
from pipelines.errors import StillError, StillmotionError
from pipelines.request import MotionRequest
from ui.door.uploads import NAME_LENGTH, Uploads
from ui.pictures import GONE, OF_JOB
from ui.still import data_uri

FILE = "further"
"""What the file of a further still is called, in a folder that is called like its SHA-256."""

THUMB_SIDE = 96
"""Pixels."""


class Further:
    """A visitor's further stills. `choices` are pictures or jobs in which one may be found that was not uploaded."""

    def __init__(self, queue: JobQueue, uploads: Uploads) -> None:
        self._queue, self._uploads = queue, uploads

    def take(self, path: str, visitor: str) -> str:
        """Keeps an upload as a further still; returns its SHA-256. Raises `StillError` where it is no picture."""
        found = self._uploads.own(visitor, path)
        if found is None:
            raise StillError(*GONE)
        open_still(found)
        named = sha256_of(found)
        kept = self._kept(named, visitor)
        kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copyfile(found, kept)
        return named

    def thumb(self, named: str, visitor: str, choices: Iterable[str]) -> str:
        """A further still, small, as an address that holds it; empty where it is not here."""
        found = self._found(named, visitor, choices)
        return "" if found is None else data_uri(reduced(open_still(found), THUMB_SIDE).rgb)

    def files(self, request: MotionRequest, visitor: str, choices: Sequence[str]) -> list[Path]:
        """The files of a request's further stills, as far as they are here."""
        found = (self._found(still.of, visitor, choices) for still in request.direction.stills)
        return [file for file in found if file is not None]

    def _found(self, named: str, visitor: str, choices: Iterable[str]) -> Path | None:
        kept = self._kept(named, visitor)
        if kept.is_file():
            return kept
        jobs = (choice.removeprefix(OF_JOB) for choice in choices if choice)
        return next(
            (file for job_id in jobs for file in self._of_job(job_id, visitor) if sha256_of(file) == named), None
        )

    def _of_job(self, job_id: str, visitor: str) -> Sequence[Path]:
        with suppress(StillmotionError):
            return self._queue.further(job_id, visitor)
        return []

    def _kept(self, named: str, visitor: str) -> Path:
        # a name from outside is no path: letters that no SHA-256 has are left out
        letters = "".join(letter for letter in named if letter in "0123456789abcdef")
        return self._uploads.folder(visitor) / letters[: 2 * NAME_LENGTH] / FILE
