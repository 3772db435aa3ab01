"""The server's end of the worker: start it, give it orders, hear its events, end it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.errors import WorkerError

ROOT = Path(__file__).parent.parent

CANCEL_GRACE_S = 20.0
"""Seconds that a cancelled worker has to come to the end of its step before it is killed."""


class WorkerProcess:
    """A running worker. `cancel` and `end` may be called while another thread is in `work`."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "jobs.worker"]
        self._process = subprocess.Popen(  # noqa: S603  # our own command
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._order_lock = threading.Lock()
        self._idle = threading.Event()
        self._working_on = ""

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
        pipe = self._process.stdin
        try:
            with self._order_lock:
                assert pipe is not None  # noqa: S101  # a pipe was asked for
                pipe.write(json.dumps(message) + "\n")
                pipe.flush()
        except (OSError, ValueError) as error:
            raise WorkerError("The worker is not running.", "Try again: a new one is started.") from error

    def _events(self) -> Iterator[dict[str, Any]]:
        assert self._process.stdout is not None  # noqa: S101  # a pipe was asked for
        for line in self._process.stdout:
            yield json.loads(line)

    def work(self, message: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Order a job and yield its events up to its last one; ends early where the worker dies."""
        self._working_on = message["job"]
        self._idle.clear()
        self.order(message)
        for event in self._events():
            if event.get("job") != message["job"]:
                continue
            if event["event"] != "step":
                self._idle.set()
            yield event
            if event["event"] != "step":
                return
        self.end()

    def cancel(self, job: str) -> None:
        """Stop a job at its next step; a worker that does not come to one in time is killed."""
        self.order({"cancel": job})
        threading.Thread(target=self._kill_if_stuck, args=(job,), daemon=True).start()

    def _kill_if_stuck(self, job: str) -> None:
        if not self._idle.wait(CANCEL_GRACE_S) and self._working_on == job:
            self._process.kill()

    def end(self) -> None:
        """End the process now; what it was doing is lost."""
        self._process.kill()
        self._process.wait()
