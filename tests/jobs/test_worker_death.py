"""Workers that die, hang, babble or never start: the job ends with a sentence, and the next one works."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest

from jobs import worker_launch, worker_process
from jobs.job import UNEXPECTED, Job, JobFolder, new_id
from jobs.queue import LocalQueue
from jobs.stop import Stop
from pipelines.errors import Cancelled
from tests.jobs.watching import ended, holds_within, is_gone, until

OBEYS = """
import json, os, signal, sys, time
def say(**event):
    print(json.dumps(event), flush=True)
def hear():
    return json.loads(sys.stdin.readline())
"""
"""How the scripts of these tests begin, which stand in for a worker with a fault."""


@pytest.fixture
def workers(monkeypatch):
    """Makes every worker from now on run a script instead."""

    def use(script):
        monkeypatch.setattr(worker_launch, "COMMAND", [sys.executable, "-c", OBEYS + script])

    return use


@pytest.fixture
def job(small):
    return Job(new_id(), small.with_seed(), state="running")


def run(runner, job, tmp_path, stop=None):
    """The ended job and all that was told before."""
    told = []
    return runner.run(job, JobFolder(tmp_path / job.id), told.append, stop or Stop()), told


@pytest.mark.parametrize("step", [0, 2])
def test_a_killed_worker_fails_its_job_and_the_next_one_works(queue, still, slow, small, step):
    job_id = queue.submit(still, slow)
    waiting = queue.submit(still, small)
    until(queue, job_id, lambda job: job.state == "running" and job.step >= step)
    worker = queue.worker_pid
    os.kill(worker, signal.SIGKILL)
    job = ended(queue, job_id)
    assert job.state == "failed"
    assert "memory ran out" in job.sentence and "Choose a smaller size" in job.sentence
    assert not list(queue.folder(job_id).path.glob("*.partial"))
    assert ended(queue, waiting).state == "done"
    assert queue.worker_pid not in (None, worker)


def test_a_worker_that_died_while_idle_is_replaced_unnoticed(queue, still, small):
    ended(queue, queue.submit(still, small))
    worker = queue.worker_pid
    os.kill(worker, signal.SIGTERM)
    assert holds_within(5, lambda: queue.worker_pid is None)
    assert ended(queue, queue.submit(still, small)).state == "done"


def test_a_killed_server_takes_its_worker_along(still, slow, tmp_path):
    program = f"""
import sys, time
from pathlib import Path
from jobs.queue import LocalQueue
from pipelines.request import MotionRequest
queue = LocalQueue(Path({str(tmp_path)!r}))
job_id = queue.submit(Path({str(still)!r}), MotionRequest.model_validate_json({slow.model_dump_json()!r}))
for job in queue.watch(job_id):
    if job.stage == "decode" or job.step > 1:
        print(job_id, queue.worker_pid, flush=True)
        time.sleep(60)
"""
    server = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    with server:
        job_id, worker = server.stdout.readline().split()
        assert not is_gone(int(worker))
        server.kill()
    assert holds_within(10, lambda: is_gone(int(worker)))
    queue = LocalQueue(tmp_path)
    job = queue.get(job_id)
    assert job.state == "failed"
    assert "The studio was closed before this clip was done." in job.sentence
    assert queue.folder(job_id).still.read_bytes() == still.read_bytes()
    assert not list(queue.folder(job_id).path.glob("*.partial"))
    assert list(queue.watch(job_id)) == [job]
    queue.cancel(job_id)
    queue.close()


def test_damaged_weights_fail_in_words_and_spare_the_worker(queue, still, slow, small, tmp_path):
    folder = tmp_path / "damaged"
    shutil.copytree(slow.model, folder)
    weights = next((folder / "unet").glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:1000])
    ended(queue, queue.submit(still, small))
    worker = queue.worker_pid
    job = ended(queue, queue.submit(still, slow.model_copy(update={"model": str(folder)})))
    assert job.state == "failed"
    assert "damaged" in job.sentence
    assert ended(queue, queue.submit(still, small)).state == "done"
    assert queue.worker_pid == worker


def test_a_worker_that_cannot_start_fails_the_job_and_is_tried_once(runner, workers, job, tmp_path):
    workers(f"open({str(tmp_path / 'starts')!r}, 'a').write('x'); raise ImportError('no such library')")
    ended_job, told = run(runner, job, tmp_path)
    assert (ended_job.state, ended_job.sentence) == ("failed", " ".join(worker_process.COULD_NOT_START))
    assert told == []
    assert (tmp_path / "starts").read_text() == "x"
    assert runner.worker_pid is None
    assert run(runner, job, tmp_path)[0].state == "failed"
    assert (tmp_path / "starts").read_text() == "xx"


def test_a_worker_that_cannot_be_run_at_all_fails_the_job(runner, monkeypatch, job, tmp_path):
    monkeypatch.setattr(worker_launch, "COMMAND", [str(tmp_path / "no python")])
    ended_job, _ = run(runner, job, tmp_path)
    assert ended_job.sentence == " ".join(worker_process.COULD_NOT_START)
    runner.warm_up("pocket")


def test_a_worker_that_hangs_at_its_start_is_ended(runner, workers, monkeypatch, job, tmp_path):
    monkeypatch.setattr(worker_process, "START_LIMIT_S", 0.5)
    workers("time.sleep(60)")
    ended_job, _ = run(runner, job, tmp_path)
    assert ended_job.sentence == " ".join(worker_process.COULD_NOT_START)
    assert runner.worker_pid is None


def test_a_worker_that_was_ready_long_ago_is_not_taken_for_a_late_one(runner, workers, monkeypatch, job, tmp_path):
    monkeypatch.setattr(worker_process, "START_LIMIT_S", 1.0)
    workers(
        "say(event='ready'); hear(); job = hear()['job']; time.sleep(0.5);"
        "say(event='done', job=job, facts={}, elapsed_s=1); hear()"
    )
    runner.warm_up("pocket")
    time.sleep(1.2)
    assert run(runner, job, tmp_path)[0].state == "done"


def test_the_way_a_worker_dies_is_named(runner, workers, job, tmp_path):
    for end, words in [("sys.exit(3)", "Start it again"), ("os.kill(os.getpid(), 9)", "memory ran out")]:
        workers(f"say(event='ready'); hear(); {end}")
        ended_job, _ = run(runner, job, tmp_path)
        assert ended_job.state == "failed"
        assert words in ended_job.sentence


def test_noise_on_standard_output_changes_nothing(runner, workers, job, tmp_path):
    workers(
        r"print('{\"event\": 3', '[1]', 'null', '\xff', sep='\n', end='\n\n');"
        "say(event='ready'); job = hear()['job']; print('Loading ...');"
        "say(event='step', job='of another', stage='load', step=1, total=1, previews=0, elapsed_s=0);"
        "say(event='step', job=job, stage='load', step=1, total=1, previews=0, elapsed_s=0);"
        "say(event='done', job=job, facts={}, elapsed_s=1); hear()"
    )
    ended_job, told = run(runner, job, tmp_path)
    assert ended_job.state == "done"
    assert [each.stage for each in told] == ["load"]


def test_the_real_worker_is_not_confused_by_libraries_that_print(runner, monkeypatch, still, job, tmp_path):
    babble = "import os, runpy; os.write(1, b'unfinished '); runpy.run_module('jobs.worker', run_name='__main__')"
    library = (
        "import media.preview as p; f = p.preview_webp; p.preview_webp = lambda *a: (os.write(1, b'noise'), f(*a))[1];"
    )
    monkeypatch.setattr(worker_launch, "COMMAND", [sys.executable, "-c", f"import os; {library} {babble}"])
    folder = tmp_path / job.id
    folder.mkdir()
    shutil.copy(still, folder / "still")
    ended_job, told = run(runner, job, tmp_path)
    assert ended_job.state == "done"
    assert ended_job.previews == 2
    steps = [(each.stage, each.step) for each in told]
    assert steps == [
        *[("load", 0), ("load", 1), ("encode", 0)],
        *[("sampling", step) for step in range(1, 7)],
        *[("decode", 4), ("decode", 6)],
    ]


def test_a_worker_that_speaks_nonsense_fails_the_job_and_is_ended(runner, workers, job, tmp_path):
    workers("say(event='ready'); say(event='step', job=hear()['job']); time.sleep(60)")
    ended_job, _ = run(runner, job, tmp_path)
    assert (ended_job.state, ended_job.sentence) == ("failed", UNEXPECTED)
    assert runner.worker_pid is None


def test_a_worker_that_asks_for_it_is_replaced(runner, workers, job, tmp_path):
    workers(
        "say(event='ready'); say(event='failed', job=hear()['job'], sentence='No memory.', is_spent=True, elapsed_s=1);"
        "hear()"
    )
    ended_job, _ = run(runner, job, tmp_path)
    assert (ended_job.state, ended_job.sentence) == ("failed", "No memory.")
    assert runner.worker_pid is None


def test_a_worker_that_dies_of_being_stopped_leaves_the_job_stopped(runner, workers, job, tmp_path):
    workers("say(event='ready'); hear(); hear(); sys.exit(1)")
    stop = Stop()
    threading.Timer(0.5, stop.ask, (Cancelled(), 10)).start()
    assert run(runner, job, tmp_path, stop)[0].state == "cancelled"


def test_a_job_that_is_done_when_its_stop_arrives_is_done(runner, workers, job, tmp_path):
    workers(
        "say(event='ready'); job = hear()['job']; hear(); say(event='done', job=job, facts={}, elapsed_s=1); hear()"
    )
    stop = Stop()
    stop.ask(Cancelled(), 10)
    assert run(runner, replace(job), tmp_path, stop)[0].state == "done"
