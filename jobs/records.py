"""A job's folder on disk: opened at the submission, closed with the record of how the job ended."""

from __future__ import annotations

import errno
import shutil
from dataclasses import replace
from pathlib import Path

from jobs.files import write_whole
from jobs.job import Job, JobFolder
from pipelines.errors import ClipError, InputError, StillError, StillmotionError

CLOSED = ("The studio was closed before this clip was done.", "Start it again.")

_DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def no_such_job() -> InputError:
    """The error for an id that nobody was given."""
    return InputError("There is no such clip here.", "It may have been deleted, or the address is incomplete.")


def open_folder(folder: JobFolder, still: Path, job: Job) -> None:
    """Make the folder with a copy of the still and the job's first record; where that fails, nothing is left behind.

    Raises `StillError` where there is no such picture and `ClipError` where it cannot be stored.
    """
    if not _is_file(still):
        raise StillError("There is no such picture.", "Upload it again.")
    try:
        folder.path.mkdir(parents=True)
        shutil.copyfile(still, folder.still)
        write_record(folder, job)
    except OSError as error:
        shutil.rmtree(folder.path, ignore_errors=True)
        raise _in_words(error, still) from error


def write_record(folder: JobFolder, job: Job) -> None:
    """Write the job down as it is now; raises `OSError`."""
    write_whole(folder.record, job.to_json().encode())


def read_record(folder: JobFolder) -> Job:
    """A job that is no longer under way. One that had not ended when its server did has failed.

    Raises `InputError` where there is no record, or none that can be read.
    """
    try:
        job = Job.from_json(folder.record.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise no_such_job() from None
    except (OSError, ValueError) as error:
        raise InputError("The record of this clip is damaged.", "Make the clip again.") from error
    if job.has_ended:
        return job
    return closed(job)


def closed(job: Job) -> Job:
    """The job as it ended with its server."""
    return replace(job, state="failed", sentence=" ".join(CLOSED))


def _is_file(path: Path) -> bool:
    """Not so for a pipe or a device, which would be read for ever, and for a name that no file can have."""
    try:
        return path.is_file()
    except OSError:
        return False


def _in_words(error: OSError, still: Path) -> StillmotionError:
    if error.errno in _DISK_FULL:
        return ClipError(
            "The disk is full: the picture could not be stored.", "Delete clips that are no longer needed."
        )
    if str(error.filename) == str(still):
        return StillError("The picture cannot be read.", "Upload it again.")
    return ClipError(
        "The picture could not be stored: Stillmotion's folder cannot be written to.",
        "See that Stillmotion may write there, or set STILLMOTION_DATA to another folder.",
    )
