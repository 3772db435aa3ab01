"""Stops at random moments: how much is still done after each, and whether two jobs ever share a worker."""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.jobs_figures.bench import STILL, Effort, fake_queue, small_request
from benchmarks.jobs_figures.fake_model import TRACE, Speed
from benchmarks.report import Figure
from jobs.durable_queue import DurableQueue

SPEED = Speed(step_s=0.04, chunk_s=0.06)

WORKERS = 2

AT_ONCE = 4
"""Jobs in the queue at a time: two that run, two that wait."""


@dataclass(frozen=True)
class Line:
    """Something that a worker's model began or ended; `seed` tells the job."""

    at: float
    worker: int
    seed: int
    run: str
    what: str


def cancel_figures(folder: Path, effort: Effort) -> list[Figure]:
    """What is done after `effort.cancels` stops."""
    trace = folder / "trace"
    trace.touch()
    with fake_queue(folder, SPEED, WORKERS, **{TRACE: str(trace)}) as queue:
        asked, states = _cancel_many(queue, effort.cancels)
    lines = [_line(text) for text in trace.read_text().splitlines()]
    late = _begun_after(lines, asked)
    stopped = sum(state == "cancelled" for state in states.values())
    note = f"{len(asked)} stops, {stopped} of them before the clip was done"
    return [
        Figure("stopped: steps and chunks begun afterwards, most of any job", max(late), "", 2, 1, True, note),
        Figure("jobs on one worker at a time, most", _most_at_once(lines), "", 1, 1, True, f"{WORKERS} workers"),
        Figure("stopped: jobs that did not end", sum(not state for state in states.values()), "", 0, 0, True),
    ]


def _cancel_many(queue: DurableQueue, count: int) -> tuple[dict[int, float], dict[int, str]]:
    """When each job was stopped, and how it ended, by its seed."""
    draw = random.Random(5)
    delays = [draw.uniform(0, 2.5) for _ in range(count)]
    asked: dict[int, float] = {}
    states: dict[int, str] = {}
    places = threading.Semaphore(AT_ONCE)

    def one(seed: int) -> None:
        with places:
            job = queue.submit(STILL, small_request(seed=seed), f"user {seed}")
            time.sleep(delays[seed])
            queue.cancel(job, f"user {seed}")
            asked[seed] = time.monotonic()
            states[seed] = list(queue.watch(job))[-1].state

    threads = [threading.Thread(target=one, args=(seed,)) for seed in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return asked, states


def _line(text: str) -> Line:
    at, worker, seed, run, what = text.split()
    return Line(float(at), int(worker), int(seed), run, what)


def _begun_after(lines: Iterable[Line], asked: dict[int, float]) -> list[int]:
    late = dict.fromkeys(asked, 0)
    for line in lines:
        if line.what in {"step", "chunk"} and line.at > asked[line.seed]:
            late[line.seed] += 1
    return list(late.values())


def _most_at_once(lines: Iterable[Line]) -> int:
    """The most runs that any worker had begun and not ended."""
    running: dict[int, int] = defaultdict(int)
    most = 0
    for line in sorted(lines, key=lambda line: line.at):
        running[line.worker] += {"begin": 1, "end": -1}.get(line.what, 0)
        most = max(most, running[line.worker])
    return most
