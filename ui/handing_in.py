"""What a program hands in, by whichever way it came: a picture and controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.further import on_the_way
from jobs.job import Job
from jobs.names import photo_name
from jobs.queue import JobQueue
from media.stills import check_is_picture
from pipelines.errors import InputError
from pipelines.models.asking import request_for


@dataclass(frozen=True)
class Given:
    """A picture, what its file was called where it came from, the controls, and further pictures on the way."""

    still: Path
    file_name: str
    controls: Mapping[str, Any]
    further: Sequence[Path] = ()


def hand_in(queue: JobQueue, given: Given, visitor: str) -> str:
    """The id of the new job. Raises `StillError` at once for a file that is no picture, and what `request_for` and
    `JobQueue.submit` raise."""
    for picture in (given.still, *given.further):
        check_is_picture(picture)
    request = request_for(on_the_way(given.controls, given.further))
    return queue.submit(given.still, request, visitor, photo_name(given.file_name), given.further)


def filled(controls: Mapping[str, Any]) -> dict[str, Any]:
    """Controls without those that were left empty: there the model's own default counts."""
    return {name: value for name, value in controls.items() if value not in (None, "")}


def check_is_done(job: Job) -> None:
    """Raises `InputError` with the words for a job that ended without a clip."""
    if job.state != "done":
        raise InputError(job.sentence or "The clip was stopped before it was finished.")
