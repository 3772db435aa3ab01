"""Closing a queue: nothing hangs, nothing stays."""

from __future__ import annotations

import os
import signal
import threading
import time

import psutil

from jobs.queue import LocalQueue
from tests.jobs.watching import ended, holds_within, in_threads, is_gone, until

CLOSED = "The studio was closed before this clip was done. Start it again."


def test_closing_ends_the_worker_and_every_job_while_they_are_watched(own_queue, still, slow):
    running, waiting = own_queue.submit(still, slow), own_queue.submit(still, slow)
    until(own_queue, running, lambda job: job.stage == "load")
    worker = own_queue.worker_pid
    watchers = []
    watching = threading.Thread(
        target=lambda: watchers.extend(in_threads(2, lambda i: ended(own_queue, (running, waiting)[i])))
    )
    watching.start()
    begun = time.monotonic()
    own_queue.close()
    assert time.monotonic() - begun < 5
    watching.join(5)
    assert [(job.state, job.sentence) for job in watchers] == [("failed", CLOSED)] * 2
    assert is_gone(worker) and own_queue.worker_pid is None
    own_queue.close()


def test_what_is_submitted_to_a_closed_queue_has_failed(own_queue, still, small):
    own_queue.close()
    job = ended(own_queue, own_queue.submit(still, small))
    assert (job.state, job.sentence) == ("failed", CLOSED)


def test_a_queue_is_closed_in_time_whatever_its_worker_does(own_queue, still, slow):
    job_id = own_queue.submit(still, slow)
    until(own_queue, job_id, lambda job: job.stage == "load")
    os.kill(own_queue.worker_pid, signal.SIGSTOP)
    begun = time.monotonic()
    own_queue.close()
    assert time.monotonic() - begun < 5
    assert own_queue.get(job_id).sentence == CLOSED


def test_queues_come_and_go_without_a_trace(still, small, tmp_path):
    me = psutil.Process()

    def census():
        return threading.active_count(), len(me.children()), me.num_fds()

    before = census()
    for round_ in range(2):
        queue = LocalQueue(tmp_path / str(round_), "no-such-model")
        bad = queue.submit(still, small.model_copy(update={"model": "no-such-model"}))
        assert ended(queue, bad).state == "failed"
        queue.close()
    assert holds_within(5, lambda: census() == before), (before, census())


def test_a_queue_closed_at_once_leaves_no_worker(tmp_path):
    me = psutil.Process()
    before = {child.pid for child in me.children()}
    for round_ in range(5):
        LocalQueue(tmp_path / str(round_), "pocket").close()
    assert {child.pid for child in me.children()} <= before
