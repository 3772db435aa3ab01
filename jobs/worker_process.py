"""The server's end of the worker: start it, give it orders, hear its events, end it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from typing import IO, Any

import structlog

from jobs.stop import Stop
from jobs.worker_launch import event_in, start_worker
from pipelines.errors import WorkerError

log = structlog.get_logger("jobs")

START_LIMIT_S = 120.0
"""Seconds until a worker must be ready: it takes one, or half a minute from a cold and busy disk."""

END_LIMIT_S = 5.0
"""Seconds to wait for a killed process to be gone; one that hangs in a driver may never be."""

LOOK_S = 0.1
"""Seconds between looks at whether a job is to be stopped."""

COULD_NOT_START = ("The worker could not start.", "The log names the cause.")

WORKER_KILLED = (
    "The system ended the worker in the middle of this clip, most likely because memory ran out.",
    "Choose a smaller size or fewer frames.",
)

WORKER_DIED = ("The worker stopped in the middle of this clip.", "Start it again; a smaller size needs less.")

KILLED = -9
"""Exit code of a process that was ended by SIGKILL, as the system does when memory has run out."""

_GONE: dict[str, Any] = {"event": "gone"}


class WorkerProcess:
    """A running worker. One thread works with it; `pid` and `is_alive` are for all. Raises `WorkerError`."""

    def __init__(self) -> None:
        try:
            self._process = start_worker()
        except OSError as error:
            raise WorkerError(*COULD_NOT_START) from error
        self._start_deadline = time.monotonic() + START_LIMIT_S
        self._is_ready = False
        self._news: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self._reader = threading.Thread(target=self._read, name="worker events", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The worker's process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def order(self, message: dict[str, Any]) -> None:
        """Send an order; raises `WorkerError` where the worker is gone."""
        pipe = _there(self._process.stdin)
        try:
            pipe.write(json.dumps(message) + "\n")
            pipe.flush()
        except (OSError, ValueError) as error:
            raise self._death() from error

    def work(self, message: dict[str, Any], stop: Stop | None = None) -> Iterator[dict[str, Any]]:
        """Order a job and yield its events up to its last one.

        Raises `WorkerError` where the worker dies, and the reason of `stop` where it had to be ended.
        """
        stop, is_told = stop or Stop(), False
        self.order(message)
        while True:
            if stop.reason is not None and not is_told:
                is_told = self._pass_on(message["job"])
            event = self._next_event(stop)
            if event.get("job") != message["job"]:
                continue
            if event.get("is_spent"):
                self.end()
            if event["event"] == "cancelled" and stop.reason is not None:
                raise stop.reason
            yield event
            if event["event"] != "step":
                return

    def end(self) -> None:
        """End the process now; what it was doing is lost."""
        self._process.kill()
        # what a dead worker had not yet read is still to be flushed
        with contextlib.suppress(OSError):
            _there(self._process.stdin).close()
        try:
            self._process.wait(END_LIMIT_S)
        except subprocess.TimeoutExpired:
            log.error("worker cannot be ended", pid=self.pid)  # noqa: TRY400  # the traceback would say no more
            return
        self._reader.join(END_LIMIT_S)

    def _pass_on(self, job: str) -> bool:
        with contextlib.suppress(WorkerError):  # it is gone: its last event will say so
            self.order({"cancel": job})
        return True

    def _next_event(self, stop: Stop) -> dict[str, Any]:
        """The next event, or an empty one after a short while."""
        try:
            event = self._news.get(timeout=LOOK_S)
        except Empty:
            self._check_deadlines(stop)
            return {}
        if event is _GONE:
            raise stop.reason or self._death()
        return event

    def _check_deadlines(self, stop: Stop) -> None:
        now = time.monotonic()
        if stop.reason is not None and now >= stop.deadline:
            self.end()
            raise stop.reason
        if now >= self._start_deadline and not self._is_ready:
            self.end()
            raise WorkerError(*COULD_NOT_START)

    def _death(self) -> WorkerError:
        """Why the worker is gone."""
        with contextlib.suppress(subprocess.TimeoutExpired):  # before it is killed, for its own exit code
            self._process.wait(END_LIMIT_S)
        code = self._process.returncode
        self.end()
        log.error("worker gone", code=code)
        if code == KILLED:
            return WorkerError(*WORKER_KILLED)
        return WorkerError(*(WORKER_DIED if self._is_ready else COULD_NOT_START))

    def _read(self) -> None:
        try:
            with _there(self._process.stdout) as lines:
                for event in map(event_in, lines):
                    self._is_ready = self._is_ready or event["event"] == "ready"
                    self._news.put(event)
        finally:
            self._news.put(_GONE)


def _there(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None  # noqa: S101  # a pipe was asked for
    return pipe
