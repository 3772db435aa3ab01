"""What takes long, away from the threads that answer everybody: waiting takes none, encoding has a few of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator
from functools import partial
from pathlib import Path

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.requests import Request

from jobs.exports import Exports
from jobs.job import Job
from jobs.queue import JobQueue
from media.export.frames import OnFrame, unwatched
from media.export.order import Estimate, Export
from pipelines.errors import Cancelled

LOOK_S = 0.5
"""Seconds between two looks at a job that somebody waits for."""

LOOKS_AT_ONCE = 4
"""Threads that look at jobs: a look takes milliseconds, and hundreds may wait."""

MADE_AT_ONCE = 2
"""Files that are made at a time: encoders use every core there is."""

ESTIMATED_AT_ONCE = 1
"""Estimates at a time: a second or two each, for nobody's file should wait."""

GONE_S = 0.5
"""Seconds between two looks whether the asker is still there."""


class Waiting:
    """Waits for jobs and for files, for any number of people."""

    def __init__(self, queue: JobQueue, exports: Exports) -> None:
        self._queue, self._exports = queue, exports
        self._looks, self._makers = CapacityLimiter(LOOKS_AT_ONCE), CapacityLimiter(MADE_AT_ONCE)
        self._estimates = CapacityLimiter(ESTIMATED_AT_ONCE)

    async def looks(self, job_id: str) -> AsyncIterator[Job]:
        """The job now and every `LOOK_S` seconds, up to and including its end."""
        while True:
            job = await run_sync(self._queue.get, job_id, limiter=self._looks)
            yield job
            if job.has_ended:
                return
            await asyncio.sleep(LOOK_S)

    async def attended(self, job_id: str, visitor: str) -> AsyncGenerator[Job, None]:
        """The same for a caller to whom the job belongs: it is stopped where this is closed before its end."""
        try:
            async for job in self.looks(job_id):
                yield job
        except (asyncio.CancelledError, GeneratorExit):
            self._queue.cancel(job_id, visitor)
            raise

    async def ended(self, job_id: str, most_s: float) -> Job:
        """The job at its end, or as it is after `most_s` seconds."""
        deadline = asyncio.get_running_loop().time() + most_s
        async for job in self.looks(job_id):
            if job.has_ended or asyncio.get_running_loop().time() >= deadline:
                break
        return job

    async def estimated(self, job_id: str, wanted: Export) -> Estimate:
        """About what will be made (`Exports.estimate`)."""
        return await run_sync(self._exports.estimate, job_id, wanted, limiter=self._estimates)

    async def made(
        self, job_id: str, wanted: Export, asker: Request | None = None, on_frame: OnFrame = unwatched
    ) -> Path:
        """The file that is wanted (`Exports.make`). It is made no further once this is cancelled.

        With `asker`, also soon after they have gone: `Cancelled` is raised then. `on_frame` is told how far it is.
        """
        gone = threading.Event()

        def told(done: int, total: int) -> None:
            if gone.is_set():
                raise Cancelled
            on_frame(done, total)

        watch = asyncio.create_task(_note_when_gone(asker, gone)) if asker else None
        make = partial(self._exports.make, job_id, wanted, told)
        try:
            return await run_sync(make, limiter=self._makers, abandon_on_cancel=True)
        finally:
            gone.set()
            if watch is not None:
                watch.cancel()


async def _note_when_gone(asker: Request, gone: threading.Event) -> None:
    while not await asker.is_disconnected():
        await asyncio.sleep(GONE_S)
    gone.set()
