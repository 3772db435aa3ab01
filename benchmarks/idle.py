"""What a studio costs that nobody uses: `python -m benchmarks.idle --minutes 10 --json FILE`.

`python app.py` as a person starts it, in an empty folder, makes one clip and is left alone. Other work on the machine
makes the shares of a core larger.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import httpx
import psutil  # type: ignore[import-untyped]
import typer

from benchmarks.pocket_figures.bench import SHIPPED_STILLS
from benchmarks.report import Figure, show
from pipelines.subject import KEPT_S

ROOT = Path(__file__).resolve().parent.parent

MB = 1e6

IDLE_S = 15
"""Seconds after which the worker of this benchmark sleeps; everybody else's does so after `idle_unload_s`."""

SETTLE_S = KEPT_S + IDLE_S
"""Seconds from the clip until all that leaves by itself has left."""

AWAKE_S = 10
"""Seconds of the look at a worker that has done its work and does not sleep yet."""

LOOK_S = 0.02
"""Seconds between tries to have the page: an error of 1 % of the bar."""

PATIENCE_S = 300
"""Seconds for a start, a clip, or a worker to fall asleep; more than any machine takes."""


@dataclass(frozen=True)
class Usage:
    """CPU seconds and memory in MB of the web process, and of all others that it has started."""

    web_cpu: float
    worker_cpu: float
    web_mb: float
    worker_mb: float


def main(
    json_file: Annotated[Path | None, typer.Option("--json", help="Where the figures go as JSON.")] = None,
    minutes: Annotated[float, typer.Option(help="How long the idle studio is watched.")] = 10.0,
) -> None:
    """Start a studio, make a clip, leave it alone, and print what it takes."""
    with tempfile.TemporaryDirectory() as folder, _studio(Path(folder)) as (server, url, start_s):
        _make_a_clip(url)
        awake = _share(server, AWAKE_S)
        time.sleep(SETTLE_S)
        _until(lambda: not server.children(recursive=True))
        before = _usage(server)
        idle = _share(server, minutes * 60)
        after = _usage(server)
    show(_figures(start_s, awake, idle, (before, after)), json_file)


def _figures(
    start_s: float, awake: tuple[float, float], idle: tuple[float, float], usage: tuple[Usage, Usage]
) -> Sequence[Figure]:
    memory = max(each.web_mb for each in usage)
    gone = max(each.worker_mb for each in usage)
    return [
        Figure("start to the first answered page", start_s, "s", 5.0, 2.5, True),
        Figure("CPU of the idle web process", idle[0], "% of a core", 1.0, 0.3, True),
        Figure("CPU of the sleeping worker", idle[1], "% of a core", 1.0, 0.0, True),
        Figure("CPU of the idle studio", sum(idle), "% of a core", 1.0, 0.3, True),
        Figure("CPU of the studio before its worker sleeps", sum(awake), "% of a core", 6.0, 1.0, True),
        Figure("memory of the idle web process", memory, "MB", 350, 250, True, "shared pages in parts"),
        Figure("memory of the sleeping worker", gone, "MB", 150, 0, True),
    ]


@contextmanager
def _studio(folder: Path) -> Iterator[tuple[psutil.Process, str, float]]:
    """The process of a studio, its address, and the seconds until it answered."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    told = {"PORT": str(port), "STILLMOTION_DATA": str(folder), "STILLMOTION_IDLE_UNLOAD_S": str(IDLE_S)}
    url = f"http://127.0.0.1:{port}"
    # one client for all tries: each new one reads the system's certificates, which would keep a core busy
    visitor = httpx.Client(base_url=url, timeout=PATIENCE_S)
    begun = time.monotonic()
    process = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=os.environ | told)
    try:
        _until(lambda: _answers(visitor))
        yield psutil.Process(process.pid), url, time.monotonic() - begun
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_S)


def _answers(visitor: httpx.Client) -> bool:
    try:
        return visitor.get("/").is_success
    except httpx.TransportError:
        return False


def _make_a_clip(url: str) -> None:
    """As a person would, whose picture is cropped around its subject."""
    with httpx.Client(base_url=url, timeout=PATIENCE_S) as visitor, (SHIPPED_STILLS / "otters.jpg").open("rb") as still:
        answer = visitor.post("/animate", files={"still": still}, data={"request": '{"num_frames": 8}'})
        answer.raise_for_status()
        job = answer.json()["id"]
        _until(lambda: visitor.get(f"/jobs/{job}").json()["state"] == "done")


def _share(server: psutil.Process, seconds: float) -> tuple[float, float]:
    """Percent of a core that the web process, and its workers, take during so many seconds."""
    before, begun = _usage(server), time.monotonic()
    time.sleep(seconds)
    after, took = _usage(server), time.monotonic() - begun
    web, worker = after.web_cpu - before.web_cpu, after.worker_cpu - before.worker_cpu
    return 100 * web / took, 100 * max(0.0, worker) / took


def _usage(server: psutil.Process) -> Usage:
    workers = server.children(recursive=True)
    return Usage(_cpu(server), sum(map(_cpu, workers)), _memory(server), sum(map(_memory, workers)))


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _memory(process: psutil.Process) -> float:
    """MB; pages that several processes share count in parts (PSS), where the system tells, else wholly."""
    full = process.memory_full_info()
    return float(getattr(full, "pss", full.rss)) / MB


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(LOOK_S)


if __name__ == "__main__":
    typer.run(main)
