"""How much more is done by more workers."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.jobs_figures.bench import STILL, Effort, fake_queue, small_request
from benchmarks.jobs_figures.fake_model import Speed
from benchmarks.report import Figure

SPEED = Speed(step_s=0.15)
"""Three seconds a job: short against any real one, so that what the queue itself takes weighs more here."""

BARS = {2: (1.9, 2.0), 4: (3.7, 4.0)}


def scaling_figures(folder: Path, effort: Effort) -> list[Figure]:
    """Throughput of 2 and of 4 workers over that of one, on the same jobs, one after another."""
    rates = {workers: _rate(folder / str(workers), workers, effort.jobs_per_worker_count) for workers in (1, *BARS)}
    note = ", ".join(f"{workers}: {rate:.2f} jobs/s" for workers, rate in rates.items())
    return [
        Figure(f"throughput of {workers} workers over one", rates[workers] / rates[1], "x", bar, goal, False, note)
        for workers, (bar, goal) in BARS.items()
    ]


def _rate(folder: Path, workers: int, count: int) -> float:
    folder.mkdir()
    with fake_queue(folder, SPEED, workers) as queue:
        begun = time.monotonic()
        ids = [queue.submit(STILL, small_request(seed=1), f"user {number}") for number in range(count)]
        for job in ids:
            list(queue.watch(job))
        return count / (time.monotonic() - begun)
