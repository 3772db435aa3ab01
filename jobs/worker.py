"""The worker: a process of its own that makes one clip after another. `python -m jobs.worker`.

Orders come as JSON lines on standard input, events go as JSON lines to standard output. When standard input ends,
the server is gone and so is the worker.
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

from jobs.job import JobFolder
from jobs.make_clip import Order, facts_in_json, make_clip, warm
from media.preview import preview_webp
from pipelines.contract import StepEvent
from pipelines.errors import Cancelled, StillmotionError
from pipelines.request import MotionRequest

log = structlog.get_logger("worker")

PREVIEW_FPS = 8.0
"""Frames per second of the moving preview."""

UNEXPECTED = "Something unexpected went wrong while making the clip. Try again; if it happens again, look at the log."


class Worker:
    """Obeys orders until standard input ends."""

    def __init__(self, orders: TextIO, events: TextIO) -> None:
        self.orders, self.events = orders, events
        self.waiting: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self.cancelled: set[str] = set()

    def run(self) -> None:
        """Never returns while the server lives."""
        threading.Thread(target=self._listen, daemon=True).start()
        self._say({"event": "ready"})
        while True:
            order = self.waiting.get()
            if "warm" in order:
                self._warm_up(order["warm"])
            else:
                self._work(order)

    def _listen(self) -> None:
        """Takes orders while the work goes on; ends the process when the server is gone."""
        for line in self.orders:
            order = json.loads(line)
            if "cancel" in order:
                self.cancelled.add(order["cancel"])
            else:
                self.waiting.put(order)
        os._exit(0)

    def _warm_up(self, model: str) -> None:
        try:
            warm(model)
        except Exception:  # the first job will say what is wrong
            log.exception("model not warm", model=model)

    def _work(self, order: dict[str, Any]) -> None:
        job = order["job"]
        begun = time.monotonic()
        outcome = self._outcome(job, JobFolder(Path(order["folder"])), MotionRequest(**order["request"]))
        self.cancelled.discard(job)
        self._say({"job": job, "seconds": round(time.monotonic() - begun, 3)} | outcome)

    def _outcome(self, job: str, folder: JobFolder, request: MotionRequest) -> dict[str, Any]:
        watcher = _Watcher(self, job, folder)
        try:
            facts = make_clip(Order(folder.still, request, folder.clip), watcher)
        except Cancelled:
            return {"event": "cancelled"}
        except StillmotionError as error:
            log.info("job failed", job=job, why=str(error), exc_info=True)
            return {"event": "failed", "sentence": str(error)}
        except Exception:  # whatever it is, the job ends, the person is told, and the log has the rest
            log.exception("job failed", job=job)
            return {"event": "failed", "sentence": UNEXPECTED}
        return {"event": "done", "facts": facts_in_json(facts)}

    def _say(self, event: dict[str, Any]) -> None:
        self.events.write(json.dumps(event) + "\n")
        self.events.flush()


class _Watcher:
    """The `OnStep` of one job: reports, writes previews, and stops the run when the person has."""

    def __init__(self, worker: Worker, job: str, folder: JobFolder) -> None:
        self.worker, self.job, self.folder = worker, job, folder
        self.previews = 0

    def __call__(self, event: StepEvent) -> None:
        if self.job in self.worker.cancelled:
            raise Cancelled
        if event.preview is not None:
            self._write_preview(preview_webp(event.preview, PREVIEW_FPS))
        seen = {"stage": event.stage, "step": event.step, "total": event.total, "previews": self.previews}
        self.worker._say({"job": self.job, "event": "step"} | seen)

    def _write_preview(self, picture: bytes) -> None:
        fresh = self.folder.preview.with_suffix(".partial")
        fresh.write_bytes(picture)
        fresh.replace(self.folder.preview)
        self.previews += 1


def main() -> None:
    """Keeps standard output for events alone: what libraries print goes to standard error."""
    events = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    Worker(sys.stdin, events).run()


if __name__ == "__main__":
    main()
