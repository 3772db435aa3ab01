"""A worker's process, as whoever starts it sees it."""

from __future__ import annotations

import contextlib
import io
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

log = structlog.get_logger("jobs")

ROOT = Path(__file__).resolve().parent.parent

COMMAND = [sys.executable, "-P", "-m", "jobs.worker"]
"""-P: the folder that the server was started in may have a `jobs` of its own."""

STOP_LIMIT_S = 3.0
"""Seconds for a worker to hand back what it has; then it is killed, and its job is found again at the next start."""

END_LIMIT_S = 5.0
"""Seconds to wait for a killed process to be gone; one that hangs in a driver may never be."""


class WorkerProcess:
    """Started by being made; ends when its standard input is closed, or when it is killed.

    `hear` is given every line that it says, on a thread of its own.
    """

    def __init__(self, name: str, environment: Mapping[str, str], hear: Callable[[str], None]) -> None:
        path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        # the worker loads what is here; only the page asks the hub
        surroundings = os.environ | {"PYTHONPATH": path, "HF_HUB_OFFLINE": "1", **environment}
        self._begun = time.monotonic()
        self._process = subprocess.Popen(  # noqa: S603  # our own command
            [*COMMAND, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=surroundings,
            # Ctrl-C in the terminal is for the server, which then ends the worker
            start_new_session=True,
        )

        # whoever tells a worker something does not wait for one that hangs
        if self._process.stdin is not None:
            os.set_blocking(self._process.stdin.fileno(), False)
        threading.Thread(target=self._listen, args=(hear,), name=f"hears {name}", daemon=True).start()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative where a signal ended it."""
        return self._process.poll()

    @property
    def age_s(self) -> float:
        """Seconds since its start."""
        return time.monotonic() - self._begun

    def tell(self, line: str) -> None:
        """Gives it a line to read. One that is too long, or that comes while it does not read, is lost."""
        told = f"{line}\n".encode()
        if self._process.stdin is not None and len(told) <= select.PIPE_BUF:
            with contextlib.suppress(OSError):
                os.write(self._process.stdin.fileno(), told)

    def _listen(self, hear: Callable[[str], None]) -> None:
        if isinstance(self._process.stdout, io.RawIOBase):
            with io.TextIOWrapper(io.BufferedReader(self._process.stdout), "utf-8", errors="replace") as said:
                for line in said:
                    hear(line)

    def stop(self) -> None:
        """Let it hand back what it has, and see it ended."""
        self.close_input()
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it now."""
        self._process.kill()
        self.close_input()
        try:
            self._process.wait(END_LIMIT_S)
        except subprocess.TimeoutExpired:
            log.error("worker cannot be ended", pid=self.pid)  # noqa: TRY400  # the traceback would say no more

    def close_input(self) -> None:
        """Ends a worker in good order that still lives, and lets go of the pipe to one that does not."""
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
