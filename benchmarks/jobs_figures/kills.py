"""SIGKILL of the worker or of the server, at every moment of a job's life."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import httpx
import psutil  # type: ignore[import-untyped]

from benchmarks.jobs_figures.bench import STILL, Effort, Studio, small_request
from benchmarks.jobs_figures.fake_model import Speed
from benchmarks.jobs_figures.fake_worker import KILL
from benchmarks.report import Figure
from jobs.job import CHECKPOINT, CLIP, POSTER, is_id
from jobs.job import STILL as STILL_FILE
from jobs.sweep import ARRIVING_S

SPEED = Speed(load_s=0.5, step_s=0.05, chunk_s=0.2)

LONG_MOMENTS = {"load": 0.5, "sampling": 1.0, "decode": 0.8}
"""Stages that can be hit from outside, with the seconds that they last."""

SHORT_MOMENTS = ("encode", "before rename", "after rename", "before commit", "after commit")
"""What lasts milliseconds is hit from within."""

LIMIT_S = 60.0

GIVE_UP_S = 120.0
"""Seconds after which a job counts as lost."""

WHOLE = {STILL_FILE, POSTER, CLIP, CHECKPOINT}
"""The files of a finished job of the fake model, which has no previews."""


@dataclass(frozen=True)
class Trial:
    """One kill: the jobs that were accepted, and the seconds from the recovery to the end of the last."""

    jobs: tuple[str, ...]
    ends: tuple[str, ...]
    seconds: float


def kill_figures(folder: Path, effort: Effort) -> list[Figure]:
    """What `effort.kills` kills cost."""
    draw = random.Random(11)
    kill_file = folder / "kill.json"
    studio = Studio(folder, SPEED.environment() | {KILL: str(kill_file), "STILLMOTION_WORKERS": "1"})
    studio.start()
    try:
        with closing(_visitor(studio)) as client:
            undisturbed = _finished(client, _submit(client, 0))
            reference = _frames(client, undisturbed)
            trials = [_trial(studio, client, kill_file, draw, number) for number in range(effort.kills)]
            different = sum(_frames(client, job) != reference for trial in trials for job in _done(trial))
        orphans = _orphans(studio, {undisturbed, *(job for trial in trials for job in trial.jobs)})
    finally:
        studio.stop()
    return _figures(trials, different, orphans, _ends_in(studio.log))


def _figures(trials: list[Trial], different: int, orphans: int, ends: Counter[str]) -> list[Figure]:
    accepted = [job for trial in trials for job in trial.jobs]
    lost = sum(end not in {"done"} for trial in trials for end in trial.ends)
    doubled = sum(ends[job] > 1 for job in accepted)
    note = f"{len(trials)} kills, {len(accepted)} accepted jobs; worker or server, drawn by lot"
    slowest = max(trial.seconds for trial in trials)
    return [
        Figure("killed: jobs lost or not done", lost, "", 0, 0, True, note),
        Figure("killed: jobs that ended twice", doubled, "", 0, 0, True, "counted in the workers' logs"),
        Figure("killed: files that belong to nothing", orphans, "", 0, 0, True, "after the sweep of one more start"),
        Figure("killed: slowest job's end after the recovery", slowest, "s", LIMIT_S, 10, True),
        Figure("resumed clips that differ from the undisturbed one", different, "", 0, 0, True, "every frame compared"),
    ]


def _trial(studio: Studio, client: httpx.Client, kill_file: Path, draw: random.Random, number: int) -> Trial:
    moments = (*LONG_MOMENTS, *SHORT_MOMENTS)
    moment, victim = moments[number % len(moments)], ("worker", "server")[draw.randrange(2)]
    if moment in SHORT_MOMENTS:
        kill_file.write_text(json.dumps({"at": moment, "victim": victim}))
    # the models take turns, so that every job has to load one
    jobs = (_submit(client, number + 1), _submit(client, number + 2))
    if moment in LONG_MOMENTS:
        _until_in(client, jobs[0], moment)
        time.sleep(draw.uniform(0, LONG_MOMENTS[moment]))
        os.kill(_worker(studio) if victim == "worker" else studio.pid, signal.SIGKILL)
    else:
        _until_gone(kill_file)
    if victim == "server":
        studio.wait()
        studio.start()
    begun = time.monotonic()
    ends = tuple(_end(client, job) for job in jobs)
    return Trial(jobs, ends, time.monotonic() - begun)


def _visitor(studio: Studio) -> httpx.Client:
    client = httpx.Client(base_url=studio.url, timeout=30)
    client.get("/", headers={"Accept": "text/html"})
    return client


def _submit(client: httpx.Client, number: int) -> str:
    wanted = small_request(seed=7, model=("pocket", "svd-xt")[number % 2]).model_dump_json()
    answer = client.post("/animate", files={"still": STILL.read_bytes()}, data={"request": wanted})
    answer.raise_for_status()
    return str(answer.json()["id"])


def _until_in(client: httpx.Client, job: str, stage: str) -> None:
    deadline = time.monotonic() + GIVE_UP_S
    while time.monotonic() < deadline and client.get(f"/jobs/{job}").json()["stage"] != stage:
        time.sleep(0.01)


def _until_gone(file: Path) -> None:
    deadline = time.monotonic() + GIVE_UP_S
    while file.exists() and time.monotonic() < deadline:
        time.sleep(0.01)


def _worker(studio: Studio) -> int:
    return int(psutil.Process(studio.pid).children()[0].pid)


def _finished(client: httpx.Client, job: str) -> str:
    if (end := _end(client, job)) != "done":
        raise RuntimeError(f"The undisturbed job ended {end}.")
    return job


def _end(client: httpx.Client, job: str) -> str:
    """The state in which a job ended, or is after `GIVE_UP_S`."""
    deadline = time.monotonic() + GIVE_UP_S
    state = ""
    while time.monotonic() < deadline and state not in {"done", "failed", "cancelled"}:
        state = _state(client, job)
        time.sleep(0.05)
    return state


def _state(client: httpx.Client, job: str) -> str:
    try:
        answer = client.get(f"/jobs/{job}")
    except httpx.TransportError:
        # a kill from within comes when it comes
        return "away"
    return str(answer.json().get("state", "unknown"))


def _done(trial: Trial) -> list[str]:
    return [job for job, end in zip(trial.jobs, trial.ends, strict=True) if end == "done"]


def _frames(client: httpx.Client, job: str) -> list[bytes]:
    with av.open(BytesIO(client.get(f"/jobs/{job}/clip.mp4").content), mode="r") as clip:
        return [frame.to_ndarray(format="rgb24").tobytes() for frame in clip.decode(video=0)]


def _orphans(studio: Studio, known: set[str]) -> int:
    """Files, after one more start and its sweep, that are not what a finished job has."""
    studio.stop()
    time.sleep(ARRIVING_S)
    studio.start()
    time.sleep(5)
    store = studio.folder / "data" / "jobs"
    # what was set aside belongs to nothing by design
    folders = [folder for folder in store.iterdir() if is_id(folder.name)]
    found = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return sum(path.parent.name not in known or path.name not in WHOLE for path in found)


def _ends_in(log: Path) -> Counter[str]:
    ends: Counter[str] = Counter()
    for line in log.read_text().splitlines():
        if re.match(r'\{.*"event": "job done"', line):
            entry: dict[str, Any] = json.loads(line)
            ends[entry["job"]] += 1
    return ends
