"""Stopping jobs: wherever they are, and whatever they are doing."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest

from benchmarks.jobs_figures.fake_model import Speed
from jobs import overdue
from jobs.job import CLIP
from pipelines.errors import UnknownJob
from tests.jobs.watching import ended, in_threads, until

STEPS = 40


@pytest.fixture
def slow(small):
    return small.model_copy(update={"num_inference_steps": STEPS, "num_frames": 20, "decode_chunk_size": 1})


def no_clip(queue, job_id):
    with pytest.raises(UnknownJob):
        queue.file(job_id, CLIP)
    return True


def test_a_waiting_job_is_stopped_at_once(fake, gate, still, slow):
    gate.close_after("sampling", 1)
    queue = fake()
    running, waiting = queue.submit(still, slow), queue.submit(still, slow)
    until(queue, running, lambda job: job.state == "running")
    assert queue.get(waiting).position == 1
    queue.cancel(waiting)
    assert (queue.get(waiting).state, queue.get(waiting).position) == ("cancelled", None)
    queue.cancel(running)
    assert ended(queue, running).state == "cancelled"


def test_sampling_stops_within_a_step_and_the_worker_lives(fake, gate, still, slow):
    gate.close_after("sampling", 2)
    queue = fake()
    job_id = queue.submit(still, slow)
    until(queue, job_id, lambda job: job.stage == "sampling" and job.step >= 2)
    workers = queue.worker_pids
    seen = queue.get(job_id)
    queue.cancel(job_id)
    gate.open()
    job = ended(queue, job_id)
    assert (job.state, job.sentence) == ("cancelled", "")
    assert job.step <= seen.step + 1
    assert queue.worker_pids == workers
    assert no_clip(queue, job_id)


def test_decoding_stops_within_a_chunk(fake, gate, still, slow):
    gate.close_after("decode", 2)
    queue = fake()
    job_id = queue.submit(still, slow)
    until(queue, job_id, lambda job: job.stage == "decode")
    seen = queue.get(job_id)
    queue.cancel(job_id)
    gate.open()
    job = ended(queue, job_id)
    assert (job.state, job.stage) == ("cancelled", "decode")
    assert job.step <= seen.step + 1
    assert no_clip(queue, job_id)


def test_an_ended_job_stays_as_it_is(fake, still, small):
    queue = fake()
    done = ended(queue, queue.submit(still, small))
    assert done.state == "done"
    queue.cancel(done.id)
    assert queue.get(done.id) == done


def test_stops_at_random_times_end_every_job_exactly_once(fake, still, small):
    queue = fake(Speed(step_s=0.03, chunk_s=0.03))
    draw = random.Random(4)
    delays = [draw.uniform(0, 3) for _ in range(10)]

    def one(index):
        job_id = queue.submit(still, small)
        time.sleep(delays[index])
        in_threads(2, lambda _: queue.cancel(job_id))
        return list(queue.watch(job_id))

    told = in_threads(len(delays), one)
    assert {looks[-1].state for looks in told} <= {"cancelled", "done"}
    assert all(sum(job.has_ended for job in looks) == 1 for looks in told)
    assert all(looks[-1].state == "done" or no_clip(queue, looks[-1].id) for looks in told)
    assert ended(queue, queue.submit(still, small)).state == "done"


def test_a_worker_that_comes_to_no_step_is_killed_and_the_next_job_works(fake, gate, still, slow, small, monkeypatch):
    monkeypatch.setattr(overdue, "CANCEL_GRACE_S", 0.5)
    gate.close_after("sampling", 1)
    queue = fake()
    job_id = queue.submit(still, slow)
    until(queue, job_id, lambda job: job.stage == "sampling")
    workers = queue.worker_pids
    os.kill(workers[0], signal.SIGSTOP)
    queue.cancel(job_id)
    assert ended(queue, job_id).state == "cancelled"
    gate.open()
    assert ended(queue, queue.submit(still, small)).state == "done"
    assert queue.worker_pids != workers
