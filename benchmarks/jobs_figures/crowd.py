"""A hundred people at one studio: whether all are answered, how soon, and what they leave in its memory."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]

from benchmarks.jobs_figures.bench import STILL, Effort, Studio, small_request
from benchmarks.jobs_figures.fake_model import Speed
from benchmarks.report import Figure

USERS = 100

WORKERS = 2

SPEED = Speed(step_s=0.15)
"""Three seconds a clip."""

LOOK_S = 1.5
"""Seconds between one person's looks at a job, as the page does while it waits."""

KEEP_S = 3.0
"""Seconds for which a person's connection is used again."""

WARM_UP_SHARE = 0.2
"""Of the time, after which memory is first read: by then everybody has been there."""

MEGABYTE = 1e6

SEED = 3


@dataclass
class Seen:
    """What the crowd went through; `submits` and `looks` in seconds, `memory` in bytes over time."""

    submits: list[float] = field(default_factory=list)
    looks: list[float] = field(default_factory=list)
    refusals: int = 0
    finished: int = 0
    errors: list[str] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)


def crowd_figures(folder: Path, effort: Effort) -> list[Figure]:
    """Errors, the time of a submission, and the growth of the web process."""
    limits = {"STILLMOTION_WORKERS": str(WORKERS), "STILLMOTION_WAITING_IN_ALL": "60"}
    studio = Studio(folder, SPEED.environment() | limits)
    studio.start()
    try:
        seen = asyncio.run(_crowd(studio, effort.load_s))
    finally:
        studio.stop()
    settled = seen.memory[int(len(seen.memory) * WARM_UP_SHARE) :]
    growth = (statistics.fmean(settled[-5:]) - statistics.fmean(settled[:5])) / MEGABYTE
    p95 = statistics.quantiles(seen.submits, n=20)[-1]
    what = f"{USERS} users over HTTP for {effort.load_s:.0f} s, {WORKERS} workers of 3 s a clip, all on one machine"
    told = f"{what}: {len(seen.submits)} submissions, {seen.refusals} honest refusals, {seen.finished} clips"
    name = "crowd: errors other than honest refusals"
    return [
        Figure(name, len(seen.errors), "", 0, 0, True, "; ".join([told, *sorted(set(seen.errors))[:3]])),
        Figure("crowd: 95 % of submissions answered within", p95, "s", 1, 0.3, True),
        Figure("crowd: growth of the web process", growth, "MB", 20, 5, True, f"{seen.memory[-1] / MEGABYTE:.0f} MB"),
    ]


async def _crowd(studio: Studio, seconds: float) -> Seen:
    seen, until = Seen(), time.monotonic() + seconds
    watcher = asyncio.create_task(_watch_memory(studio.pid, seen, until))
    await asyncio.gather(*(_person(studio.url, number, seen, until) for number in range(USERS)))
    await watcher
    return seen


async def _person(url: str, number: int, seen: Seen, until: float) -> None:
    draw = random.Random(number)
    await asyncio.sleep(draw.uniform(0, 5))
    # the server lets go of a connection that idles for 5 s: a browser then asks on a new one without a word
    limits = httpx.Limits(keepalive_expiry=KEEP_S)
    async with httpx.AsyncClient(base_url=url, timeout=30, limits=limits) as client:
        await client.get("/", headers={"Accept": "text/html"})
        while time.monotonic() < until:
            try:
                await _one_clip(client, seen, until)
            except httpx.HTTPError as error:
                seen.errors.append(type(error).__name__)
            await asyncio.sleep(draw.uniform(0, 3))


async def _one_clip(client: httpx.AsyncClient, seen: Seen, until: float) -> None:
    still, wanted = STILL.read_bytes(), small_request(seed=SEED).model_dump_json()
    begun = time.monotonic()
    answer = await client.post("/animate", files={"still": still}, data={"request": wanted})
    seen.submits.append(time.monotonic() - begun)
    if answer.status_code == 503 and "retry-after" in answer.headers:
        seen.refusals += 1
        await asyncio.sleep(min(float(answer.headers["retry-after"]), max(0.0, until - time.monotonic())))
    elif answer.status_code != 202:
        seen.errors.append(f"submission {answer.status_code}")
    else:
        await _follow(client, str(answer.json()["id"]), seen, until)


async def _follow(client: httpx.AsyncClient, job: str, seen: Seen, until: float) -> None:
    while time.monotonic() < until:
        begun = time.monotonic()
        answer = await client.get(f"/jobs/{job}")
        seen.looks.append(time.monotonic() - begun)
        state = answer.json().get("state") if answer.status_code == 200 else f"look {answer.status_code}"
        if state == "done":
            seen.finished += 1
            return
        if state not in {"queued", "running"}:
            seen.errors.append(str(state))
            return
        await asyncio.sleep(LOOK_S)


async def _watch_memory(pid: int, seen: Seen, until: float) -> None:
    server = psutil.Process(pid)
    while time.monotonic() < until:
        seen.memory.append(int(server.memory_info().rss))
        await asyncio.sleep(1)
