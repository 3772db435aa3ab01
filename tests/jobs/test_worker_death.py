"""Workers and servers that die: nothing is lost, nothing is made twice, and what cannot go on says so."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
import sqlalchemy as sa

from benchmarks.jobs_figures.fake_model import Speed
from jobs import supervisor, worker_launch
from jobs.dispatch import Dispatch
from jobs.durable_queue import DurableQueue
from jobs.job import CLIP
from jobs.schema import jobs
from media.probe import probe_clip
from tests.jobs.conftest import settings_in
from tests.jobs.watching import ended, holds_within, is_gone, until

MOMENTS = ["encode", "before rename", "after rename", "before commit", "after commit"]


@pytest.fixture
def slow(small):
    return small.model_copy(update={"num_inference_steps": 30, "seed": 5})


def frames(path):
    import av

    with av.open(str(path)) as clip:
        return [frame.to_ndarray(format="rgb24").tobytes() for frame in clip.decode(video=0)]


def attempts(queue, job_id):
    with queue.engine.connect() as connection:
        return connection.execute(sa.select(jobs.c.attempts).where(jobs.c.id == job_id)).scalar()


def files(queue, job_id):
    return {path.name for path in queue.file(job_id, CLIP).parent.iterdir()}


@pytest.mark.parametrize("stage", ["sampling", "decode"])
def test_a_killed_worker_s_job_goes_on_and_gives_the_same_clip(fake, gate, trace, still, slow, stage):
    queue = fake()
    undisturbed = ended(queue, queue.submit(still, slow))
    reached = 12 if stage == "sampling" else 2
    gate.close_after(stage, reached)
    job_id = queue.submit(still, slow)
    until(queue, job_id, lambda job: job.stage == stage and job.step >= reached)
    worker = queue.worker_pids
    os.kill(worker[0], signal.SIGKILL)
    gate.open()
    job = ended(queue, job_id)
    assert (job.state, job.sentence) == ("done", "")
    # it did not begin anew, but at the checkpoint: every fifth step, and the last one
    assert trace() == ([30, 12, 20] if stage == "sampling" else [30, 30, 0])
    assert queue.worker_pids != worker
    assert frames(queue.file(job_id, CLIP)) == frames(queue.file(undisturbed.id, CLIP))
    assert files(queue, job_id) == {"still", "poster.jpg", "clip.mp4", "checkpoint.safetensors"}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_worker_killed_between_the_last_frame_and_the_table_costs_nothing(fake, still, small, tmp_path, moment):
    kill = tmp_path / "kill"
    kill.write_text(f'{{"at": "{moment}", "victim": "worker"}}')
    os.environ["STILLMOTION_KILL"] = str(kill)
    try:
        queue = fake()
        looks = list(queue.watch(queue.submit(still, small)))
    finally:
        del os.environ["STILLMOTION_KILL"]
    assert not kill.exists()
    assert [job.state for job in looks if job.has_ended] == ["done"]
    assert probe_clip(queue.file(looks[-1].id, CLIP)).num_frames == 6
    whole = {"still", "poster.jpg", "clip.mp4", "checkpoint.safetensors"}
    # the next worker tidies up once it has started
    assert holds_within(60, lambda: files(queue, looks[-1].id) == whole)


def test_a_job_that_kills_two_workers_fails_in_words_and_the_next_one_works(fake, gate, still, slow, small):
    gate.close_after("load", 0)
    queue = fake(checkpoint_every=100)
    job_id, waiting = queue.submit(still, slow), queue.submit(still, small)
    for attempt in (1, 2):
        assert holds_within(60, lambda nth=attempt: attempts(queue, job_id) == nth)
        until(queue, job_id, lambda job: job.stage == "load")
        os.kill(queue.worker_pids[0], signal.SIGKILL)
    job = ended(queue, job_id)
    gate.open()
    assert job.state == "failed"
    assert "stopped the worker twice" in job.sentence and "Choose a smaller size" in job.sentence
    assert ended(queue, waiting).state == "done"


def test_a_closed_studio_goes_on_where_it_was_however_often(fake, gate, still, slow):
    gate.close_after("sampling", 2)
    queue = fake(checkpoint_every=100)
    job_id, waiting = queue.submit(still, slow), queue.submit(still, slow)
    # more often than a job may kill its worker, and with nothing to show for it
    for _ in range(3):
        until(queue, job_id, lambda job: job.state == "running" and job.stage == "sampling" and job.step >= 2)
        worker = queue.worker_pids
        queue.close()
        assert is_gone(worker[0])
        queue = fake(checkpoint_every=100)
    gate.open()
    assert ended(queue, job_id).state == "done"
    assert ended(queue, waiting).state == "done"


def test_a_killed_server_takes_its_worker_along_and_its_jobs_go_on_at_the_next_start(
    fake, gate, trace, still, slow, tmp_path
):
    gate.close_after("sampling", 8)
    program = f"""
import sys, time
from pathlib import Path
from jobs import worker_launch
worker_launch.COMMAND = {[sys.executable, "-P", "-m", "benchmarks.jobs_figures.fake_worker"]!r}
from jobs.dispatch import Dispatch
from jobs.durable_queue import DurableQueue
from jobs.log import configure_log
from jobs.settings import job_settings
from pipelines.request import MotionRequest
configure_log()
queue = DurableQueue(job_settings())
queue.start()
job_id = queue.submit(Path({str(still)!r}), MotionRequest.model_validate_json({slow.model_dump_json()!r}))
for job in queue.watch(job_id):
    if job.step == 8:
        print(job_id, *queue.worker_pids, flush=True)
        time.sleep(600)
"""
    environment = os.environ | Speed().environment() | {"STILLMOTION_DATA": str(tmp_path), "STILLMOTION_WORKERS": "1"}
    server = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment)
    with server:
        job_id, worker = server.stdout.readline().split()
        assert not is_gone(int(worker))
        server.kill()
    assert holds_within(60, lambda: is_gone(int(worker)))
    queue = fake()
    assert queue.get(job_id).state in {"queued", "running"}
    gate.open()
    assert ended(queue, job_id).state == "done"
    assert trace() == [8, 25], "it goes on from the checkpoint of step 5"


def test_a_worker_that_died_while_idle_is_replaced_unnoticed(fake, still, small):
    queue = fake()
    ended(queue, queue.submit(still, small))
    worker = queue.worker_pids
    os.kill(worker[0], signal.SIGTERM)
    assert ended(queue, queue.submit(still, small)).state == "done"
    assert queue.worker_pids != worker


def test_a_worker_that_cannot_start_is_given_up_in_words_and_the_job_waits(fake, still, small, monkeypatch, tmp_path):
    monkeypatch.setattr(supervisor, "WAITS_S", (0.0, 0.1, 0.1))
    script = f"open({str(tmp_path / 'starts')!r}, 'a').write('x'); raise SystemExit(3)"
    monkeypatch.setattr(worker_launch, "COMMAND", [sys.executable, "-c", script])
    broken = DurableQueue(settings_in(tmp_path))
    broken.start()
    job_id = broken.submit(still, small)
    assert holds_within(60, lambda: not broken.health().is_ready and "cannot start" in broken.health().sentences[0])
    assert (tmp_path / "starts").read_text() == "xxx"
    assert broken.get(job_id).state == "queued"
    broken.close()
    assert ended(fake(), job_id).state == "done"


def test_a_second_studio_on_the_same_data_waits_with_its_worker_and_shares_the_queue(fake, still, slow):
    one, two = fake(Speed(step_s=0.02)), fake(Speed(step_s=0.02))
    ids = [(one, two)[index % 2].submit(still, slow) for index in range(4)]
    running = set()
    for job_id in ids:
        for _ in two.watch(job_id):
            running.add(sum(two.get(each).state == "running" for each in ids))
    assert max(running) == 1
    assert {one.get(job_id).state for job_id in ids} == {"done"}


def test_a_sticky_error_of_the_gpu_replaces_the_worker_and_the_job_is_done_by_the_next(
    fake, still, small, tmp_path, monkeypatch
):
    fault = tmp_path / "fault"
    fault.write_text("CUDA error: an illegal memory access was encountered")
    monkeypatch.setenv("STILLMOTION_FAKE_FAULT", str(fault))
    queue = fake()
    assert holds_within(60, lambda: queue.worker_pids != [])
    worker = queue.worker_pids
    job = ended(queue, queue.submit(still, small))
    assert (job.state, job.sentence) == ("done", "")
    assert not fault.exists()
    assert queue.worker_pids != worker


def test_a_waiting_job_that_the_queue_has_forgotten_is_handed_in_again(fake, still, slow, small, monkeypatch):
    monkeypatch.setattr("jobs.caretaker.LOOK_S", 0.3)
    queue = fake(Speed(step_s=0.02))
    first, forgotten = (queue.submit(still, request, "ada") for request in (slow, small))
    dispatch = Dispatch(queue.engine)
    dispatch.withdraw(forgotten)
    dispatch.close()
    assert queue.get(forgotten).state == "queued"
    assert [ended(queue, job_id).state for job_id in (first, forgotten)] == ["done", "done"]
