"""The worker: a process of its own that makes one clip after another. `python -m jobs.worker`.

Orders come as JSON lines on standard input, events go as JSON lines to standard output. When standard input ends,
the server is gone and so is the worker.

    orders   {"warm": MODEL}   {"job": ID, "folder": PATH, "request": {...}}   {"cancel": ID}
    events   {"event": "ready"}
             {"job": ID, "event": "step", "stage", "step", "total", "previews", "elapsed_s"}
             {"job": ID, "event": "done", "facts", "elapsed_s"} or "cancelled" or "failed" with "sentence", "is_spent"

`elapsed_s` counts from when the model was loaded. A worker that `is_spent` wants to be replaced.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TextIO

import structlog

from jobs.files import remove_partials, write_whole
from jobs.job import UNEXPECTED, JobFolder
from jobs.make_clip import Order, facts_in_json, make_clip, warm
from media.preview import preview_webp
from pipelines.contract import RGB, StepEvent
from pipelines.errors import Cancelled, InputError, ModelError, StillmotionError
from pipelines.request import MotionRequest

log = structlog.get_logger("worker")

PREVIEW_FPS = 8.0
"""Frames per second of the moving preview."""

HARMLESS = (InputError, ModelError)
"""Failures that leave nothing behind in memory. After any other one, a fresh worker is the safe one."""


class Worker:
    """Obeys orders until standard input ends."""

    def __init__(self, orders: TextIO, events: TextIO) -> None:
        self._orders, self._events = orders, events
        self._waiting: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self._order: dict[str, Any] = {}
        self.cancelled = ""

    def run(self) -> None:
        """Never returns while the server lives."""
        threading.Thread(target=self._listen, name="orders", daemon=True).start()
        # ends a line that a library may have begun while it was imported
        self._events.write("\n")
        self.say({"event": "ready"})
        while True:
            self._order = self._waiting.get()
            if "warm" in self._order:
                self._warm_up(self._order["warm"])
            else:
                self._work(self._order)

    def say(self, event: dict[str, Any]) -> None:
        """Tell the server."""
        self._events.write(json.dumps(event) + "\n")
        self._events.flush()

    def _listen(self) -> None:
        """Takes orders while the work goes on; ends the process when the server is gone, be it in mid-line."""
        try:
            for line in self._orders:
                order = json.loads(line)
                if "cancel" in order:
                    self.cancelled = order["cancel"]
                else:
                    self._waiting.put(order)
        finally:
            if "folder" in self._order:
                remove_partials(Path(self._order["folder"]))
            os._exit(0)

    def _warm_up(self, model: str) -> None:
        try:
            warm(model)
        except Exception:  # the first job will say what is wrong
            log.exception("model not warm", model=model)

    def _work(self, order: dict[str, Any]) -> None:
        watcher = _Watcher(self, order["job"], JobFolder(Path(order["folder"])))
        outcome = _outcome(watcher, MotionRequest(**order["request"]))
        self.say({"job": order["job"], "elapsed_s": watcher.elapsed_s} | outcome)


def _outcome(watcher: _Watcher, request: MotionRequest) -> dict[str, Any]:
    try:
        facts = make_clip(Order(watcher.folder.still, request, watcher.folder.clip), watcher)
    except Cancelled:
        return {"event": "cancelled"}
    except StillmotionError as error:
        log.info("job failed", job=watcher.job, why=str(error), exc_info=True)
        return {"event": "failed", "sentence": str(error), "is_spent": not isinstance(error, HARMLESS)}
    except Exception:  # whatever it is, the job ends, the person is told, and the log has the rest
        log.exception("job failed", job=watcher.job)
        return {"event": "failed", "sentence": UNEXPECTED, "is_spent": True}
    return {"event": "done", "facts": facts_in_json(facts)}


class _Watcher:
    """The `OnStep` of one job: reports, writes previews, and stops the run when the person has."""

    def __init__(self, worker: Worker, job: str, folder: JobFolder) -> None:
        self.worker, self.job, self.folder = worker, job, folder
        self.previews = 0
        self.loaded = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the model was loaded."""
        return round(time.monotonic() - self.loaded, 3)

    def __call__(self, event: StepEvent) -> None:
        if self.job == self.worker.cancelled:
            raise Cancelled
        if event.stage == "load":
            self.loaded = time.monotonic()
        if event.preview is not None:
            self._write_preview(event.preview)
        seen = {"stage": event.stage, "step": event.step, "total": event.total, "previews": self.previews}
        self.worker.say({"job": self.job, "event": "step", "elapsed_s": self.elapsed_s} | seen)

    def _write_preview(self, frames: RGB) -> None:
        try:
            write_whole(self.folder.preview, preview_webp(frames, PREVIEW_FPS))
        except OSError:  # a clip is worth more than its preview
            log.warning("preview not stored", job=self.job, exc_info=True)
            return
        self.previews += 1


def main() -> None:
    """Keeps standard output for events alone: what libraries print goes to standard error."""
    events = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    Worker(sys.stdin, events).run()


if __name__ == "__main__":
    main()
