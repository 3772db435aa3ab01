"""Which picture the page has chosen, in words that the browser keeps: they outlive a restart of the server."""

from __future__ import annotations

from pathlib import Path

from jobs.names import photo_name
from jobs.queue import JobQueue
from pipelines.errors import InputError, StillError
from ui.door.uploads import Uploads
from ui.examples import example_path

EXAMPLE, OF_JOB = "example:", "job:"
"""How a choice begins that is no upload, followed by the example's name or the job's id."""

NONE_YET = ("There is no picture yet.", "Drop, paste or choose one, or click an example.")

GONE = ("This file is no longer here.", "Choose it again.")


class Pictures:
    """From a choice to a file."""

    def __init__(self, queue: JobQueue, uploads: Uploads) -> None:
        self._queue, self._uploads = queue, uploads

    def path(self, choice: str, visitor: str) -> Path:
        """The file of an upload of this visitor, of an example, or of the still of a job of theirs.

        Raises `InputError` where nothing was chosen, `StillError` for what is not there or not theirs, and
        `StillmotionError` where a job's still cannot be had.
        """
        if not choice:
            raise InputError(*NONE_YET)
        if choice.startswith(OF_JOB):
            return self._queue.still(choice.removeprefix(OF_JOB), visitor)
        if not choice.startswith(EXAMPLE):
            return self.upload(choice, visitor)
        found = example_path(choice.removeprefix(EXAMPLE))
        if found is None:
            raise StillError(*GONE)
        return found

    def upload(self, path: str, visitor: str) -> Path:
        """The file of an upload of this visitor. Raises `StillError`."""
        found = self._uploads.own(visitor, path)
        if found is None:
            raise StillError(*GONE)
        return found

    def name(self, choice: str) -> str:
        """What the picture is called; raises `StillmotionError` where its job is gone."""
        if choice.startswith(OF_JOB):
            return self._queue.get(choice.removeprefix(OF_JOB)).name
        return photo_name(choice.removeprefix(EXAMPLE))
