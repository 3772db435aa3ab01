"""The jobs: those under way in memory, the others on disk alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import structlog

from jobs.files import remove_partials
from jobs.job import Job, JobFolder, is_id
from jobs.records import no_such_job, read_record, write_record

log = structlog.get_logger("jobs")


class JobTable:
    """Thread-safe. `changed` is its lock, and is notified of every change; it may be held while calling.

    Every method that takes an id raises `InputError` where there is no such job.
    """

    def __init__(self, root: Path) -> None:
        self.changed = threading.Condition()
        self._root = root
        self._under_way: dict[str, Job] = {}

    def folder(self, job_id: str) -> JobFolder:
        """Where the files of a job are or would be; no id leads out of the table's own folder."""
        if not is_id(job_id):
            raise no_such_job()
        return JobFolder(self._root / job_id)

    def get(self, job_id: str) -> Job:
        """The job as it is now."""
        folder = self.folder(job_id)
        with self.changed:
            job = self._under_way.get(job_id)
        return job or read_record(folder)

    def watch(self, job_id: str) -> Iterator[Job]:
        """The job now, then whenever it has changed, up to and including its end."""
        seen = self.get(job_id)
        yield seen
        while not seen.has_ended:
            with self.changed:
                self.changed.wait_for(lambda last=seen: self._under_way.get(job_id) != last)  # type: ignore[misc]
            seen = self.get(job_id)
            yield seen

    def put(self, job: Job) -> None:
        """A job that is under way, new or changed."""
        with self.changed:
            self._under_way[job.id] = job
            self.changed.notify_all()

    def end(self, job: Job) -> None:
        """Write an ended job down before anybody hears of it, and forget it."""
        folder = self.folder(job.id)
        remove_partials(folder.path)
        with self.changed:
            try:
                write_record(folder, job)
                self._under_way.pop(job.id, None)
            except OSError:
                log.exception("job not written down", job=job.id)
                self._under_way[job.id] = job
            self.changed.notify_all()
