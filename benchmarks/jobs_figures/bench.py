"""What the parts of `benchmarks.jobs` share: a queue with fake workers, a studio in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.jobs_figures.fake_model import Speed
from benchmarks.jobs_figures.fake_studio import FAKE_WORKER
from jobs import worker_launch
from jobs.durable_queue import DurableQueue
from jobs.settings import JobSettings
from pipelines.request import MotionRequest

ROOT = Path(__file__).parent.parent.parent

STILL = ROOT / "assets" / "stills" / "cat.jpg"

START_S = 120.0
"""Longest wait for a studio's first answer."""

MANY = 10_000

FAKE_STUDIO = [sys.executable, "-m", "benchmarks.jobs_figures.fake_studio"]


@dataclass(frozen=True)
class Effort:
    """How much is done for each figure."""

    kills: int
    cancels: int
    flood: int
    reconnects: int
    load_s: float
    jobs_per_worker_count: int


FULL = Effort(kills=60, cancels=200, flood=50, reconnects=5, load_s=600, jobs_per_worker_count=24)

QUICK = Effort(kills=6, cancels=20, flood=12, reconnects=1, load_s=20, jobs_per_worker_count=8)


def small_request(**changes: Any) -> MotionRequest:
    """A request whose clip costs next to nothing besides the fake model's sleep."""
    size = {"width": 128, "height": 64, "anchor_x": 0.5, "anchor_y": 0.5}
    return MotionRequest(num_frames=8, num_inference_steps=20, decode_chunk_size=2, **size).model_copy(update=changes)


@contextmanager
def fake_queue(folder: Path, speed: Speed, workers: int, **variables: str) -> Iterator[DurableQueue]:
    """A running queue with fake workers, all of them ready."""
    os.environ.update(speed.environment() | variables | {"STILLMOTION_DATA": str(folder)})
    worker_launch.COMMAND = FAKE_WORKER
    database = f"sqlite:///{folder}/studio.sqlite"
    kept = JobSettings(database_url=database, workers=workers, warm=False, waiting_per_user=MANY, waiting_in_all=MANY)
    queue = DurableQueue(kept)
    queue.start()
    try:
        _until_ready(queue, workers)
        yield queue
    finally:
        queue.close()


def _until_ready(queue: DurableQueue, workers: int) -> None:
    """A first job for each worker, so that none of them is still starting."""
    from jobs.beats import all_signs

    deadline = time.monotonic() + START_S
    while sum(sign.state != "starting" for sign in all_signs(queue.engine)) < workers:
        if time.monotonic() > deadline:
            raise TimeoutError("The workers did not start.")
        time.sleep(0.1)


@dataclass
class Studio:
    """The studio with the fake model in a process of its own, that can be killed and started again where it was."""

    folder: Path
    variables: dict[str, str]
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.folder / "log.txt"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", self.port))
            self.port = int(probe.getsockname()[1])

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The server's process id."""
        assert self.process is not None  # noqa: S101  # it has been started
        return self.process.pid

    def start(self) -> None:
        """Returns when it answers; raises `TimeoutError` where it does not."""
        told = os.environ | self.variables | {"STILLMOTION_DATA": str(self.folder / "data"), "PORT": str(self.port)}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(FAKE_STUDIO, cwd=ROOT, env=told, stdout=log, stderr=log)  # noqa: S603
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{self.url}/healthz", timeout=2)
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return
        raise TimeoutError(f"The studio did not start: {self.log.read_text()[-2000:]}")

    def kill(self) -> None:
        """SIGKILL, as when the system needs memory."""
        os.kill(self.pid, signal.SIGKILL)
        self.wait()

    def stop(self) -> None:
        """Ctrl-C."""
        os.kill(self.pid, signal.SIGINT)
        self.wait()

    def wait(self) -> None:
        """Until the process is gone."""
        assert self.process is not None  # noqa: S101  # it has been started
        self.process.wait(START_S)
