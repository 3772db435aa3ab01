"""Stopping jobs: wherever they are, and whatever they are doing."""

from __future__ import annotations

import os
import random
import signal
import time

import jobs.queue
from tests.jobs.watching import ended, in_threads, until


def test_a_waiting_job_is_stopped_at_once(queue, still, slow):
    running, waiting = queue.submit(still, slow), queue.submit(still, slow)
    queue.cancel(waiting)
    assert queue.get(waiting).state == "cancelled"
    assert queue.get(waiting).position is None
    queue.cancel(running)
    assert ended(queue, running).state == "cancelled"
    assert list(queue.watch(waiting)) == [queue.get(waiting)]


def test_sampling_stops_within_a_step_and_the_worker_lives(queue, still, slow):
    job_id = queue.submit(still, slow)
    seen = until(queue, job_id, lambda job: job.stage == "sampling" and job.step >= 2)
    worker = queue.worker_pid
    begun = time.monotonic()
    queue.cancel(job_id)
    job = ended(queue, job_id)
    assert job.state == "cancelled"
    assert time.monotonic() - begun < 5
    assert job.step <= seen.step + 3
    assert queue.worker_pid == worker
    assert not queue.folder(job_id).clip.exists()
    assert job.sentence == ""


def test_decoding_stops_within_a_chunk(queue, still, slow):
    job_id = queue.submit(still, slow.model_copy(update={"num_inference_steps": 1, "num_frames": 25}))
    seen = until(queue, job_id, lambda job: job.stage == "decode")
    worker = queue.worker_pid
    queue.cancel(job_id)
    job = ended(queue, job_id)
    assert (job.state, job.stage) == ("cancelled", "decode")
    assert job.step <= seen.step + 12
    assert queue.worker_pid == worker
    assert {path.name for path in queue.folder(job_id).path.iterdir()} == {"still", "preview.webp", "job.json"}


def test_an_ended_job_stays_as_it_is(queue, still, small):
    done = ended(queue, queue.submit(still, small))
    assert done.state == "done"
    queue.cancel(done.id)
    assert queue.get(done.id) == done


def test_stopping_twice_is_stopping_once(queue, still, slow):
    job_id = queue.submit(still, slow)
    until(queue, job_id, lambda job: job.state == "running")
    in_threads(4, lambda index: queue.cancel(job_id))
    states = [job.state for job in queue.watch(job_id)]
    assert states.count("cancelled") == 1


def test_stops_at_random_times_end_every_job_exactly_once(queue, still, small):
    draw = random.Random(4)
    delays = [draw.uniform(0, 0.6) for _ in range(10)]

    def one(index):
        job_id = queue.submit(still, small)
        time.sleep(delays[index])
        queue.cancel(job_id)
        return list(queue.watch(job_id))

    told = in_threads(len(delays), one)
    assert {looks[-1].state for looks in told} <= {"cancelled", "done"}
    assert all(sum(job.has_ended for job in looks) == 1 for looks in told)
    for looks in told:
        assert queue.folder(looks[-1].id).clip.exists() == (looks[-1].state == "done")
        assert not list(queue.folder(looks[-1].id).path.glob("*.partial"))
    assert ended(queue, queue.submit(still, small)).state == "done"


def test_a_worker_that_comes_to_no_step_is_killed_and_the_next_job_works(queue, still, slow, small, monkeypatch):
    monkeypatch.setattr(jobs.queue, "CANCEL_GRACE_S", 0.5)
    job_id = queue.submit(still, slow)
    until(queue, job_id, lambda job: job.stage == "sampling" and job.previews)
    worker = queue.worker_pid
    os.kill(worker, signal.SIGSTOP)
    begun = time.monotonic()
    queue.cancel(job_id)
    job = ended(queue, job_id)
    assert (job.state, job.previews > 0) == ("cancelled", True)
    assert 0.4 < time.monotonic() - begun < 5
    assert not list(queue.folder(job_id).path.glob("*.partial"))
    assert ended(queue, queue.submit(still, small)).state == "done"
    assert queue.worker_pid != worker


def test_a_job_is_stopped_while_its_model_loads(own_queue, still, slow, monkeypatch):
    monkeypatch.setattr(jobs.queue, "CANCEL_GRACE_S", 0.0)
    job_id = own_queue.submit(still, slow)
    until(own_queue, job_id, lambda job: job.stage == "load")
    begun = time.monotonic()
    own_queue.cancel(job_id)
    assert ended(own_queue, job_id).state == "cancelled"
    assert time.monotonic() - begun < 5
    assert own_queue.worker_pid is None
