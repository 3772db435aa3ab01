"""What a clip costs: seconds from the still to a playable file, and the worker's peak memory."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import torch

from benchmarks.pocket_figures.bench import Bench, request_of
from benchmarks.report import Figure
from jobs.durable_queue import DurableQueue
from jobs.make_clip import Order, make_clip
from jobs.settings import JobSettings
from pipelines.errors import StillmotionError, WorkerError
from pipelines.models.spec import BUILT_IN
from pipelines.shapes import SIZES

SIZE = SIZES["Standard"]

SECONDS_NAME = "still to playable 1024x576 clip of 3.5 s at 24 fps, warm"

MEMORY_NAME = "peak memory of the worker"

GB, MB = 1e9, 1e6

KIB = 1024
"""Bytes of what Linux calls a kB in /proc."""


def cost_figures(bench: Bench) -> list[Figure]:
    """Seconds and memory of a clip as the studio makes it."""
    return [_seconds(bench), _memory(bench), _weights()]


def _seconds(bench: Bench) -> Figure:
    with tempfile.TemporaryDirectory() as folder:
        order = Order(bench.stills[0], request_of(SIZE), Path(folder) / "clip.mp4")
        make_clip(order)
        times = [_timed(order) for _ in range(bench.effort.runs)]
    note = f"median of {len(times)}, {torch.get_num_threads()} threads: " + ", ".join(f"{t:.2f}" for t in times)
    return Figure(SECONDS_NAME, statistics.median(times), "s", 5, 3, True, note)


def _timed(order: Order) -> float:
    begun = time.perf_counter()
    make_clip(order)
    return time.perf_counter() - begun


def _weights() -> Figure:
    """Of all that is built in."""
    total = sum(file.stat().st_size for file in BUILT_IN.rglob("*") if file.is_file())
    return Figure("weights in the repository", total / MB, "MB", 120, 70, True)


def _memory(bench: Bench) -> Figure:
    """Of a fresh worker that makes one clip: with the shipped weights, other ones of the same shape take as much."""
    try:
        peak = _worker_peak(bench.stills[0])
    except StillmotionError as error:
        return Figure(MEMORY_NAME, None, "GB", 1.5, 1.0, True, f"the worker made no clip: {error}")
    note = "one clip in a fresh worker" if peak else "only Linux tells the peak of another program"
    return Figure(MEMORY_NAME, peak / GB if peak else None, "GB", 1.5, 1.0, True, note)


def _worker_peak(still: Path) -> int | None:
    """Peak bytes of a worker that made a clip of a still; raises `WorkerError` where it made none."""
    with tempfile.TemporaryDirectory() as folder:
        settings = JobSettings(database_url=f"sqlite:///{folder}/db", store=f"{folder}/jobs", workers=1, warm=False)
        queue = DurableQueue(settings)
        queue.start()
        try:
            *_, last = queue.watch(queue.submit(still, request_of(SIZE)))
            if last.state != "done":
                raise WorkerError(last.sentence or last.state)
            return peak_bytes(queue.worker_pids[0])
        finally:
            queue.close()


def peak_bytes(pid: int) -> int | None:
    """The most memory that a running program has held so far; None where the system does not tell.

    From VmHWM: `ru_maxrss` of a child counts what its parent held when it was started.
    """
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    marks = [int(line.split()[1]) * KIB for line in lines if line.startswith("VmHWM")]
    return marks[0] if marks else None
