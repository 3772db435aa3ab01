"""Workers with nothing to do leave memory; a job that is handed in starts them again, and nobody else notices."""

from __future__ import annotations

import random
import sys
import time

import pytest

from benchmarks.jobs_figures.fake_model import Speed
from jobs import supervisor, worker_launch
from jobs.beats import STALE_S, all_signs
from jobs.durable_queue import DurableQueue
from jobs.slumber import SLEEP_BEAT_S
from tests.jobs.conftest import settings_in
from tests.jobs.watching import ended, holds_within, is_gone

LONG_S = 60
"""Far more than a worker takes to fall asleep, which it does at one of its signs of life."""


@pytest.fixture
def elsewhere(tmp_path):
    """A queue of the same database and store that has no workers."""
    queue = DurableQueue(settings_in(tmp_path), has_workers=False)
    queue.start()
    yield queue
    queue.close()


def states(queue):
    return [sign.state for sign in all_signs(queue.engine)]


def asleep(fake, *speed, **changes):
    """A queue whose worker has been at work and has gone to sleep."""
    queue = fake(*speed, idle_unload_s=0.1, **changes)
    assert holds_within(LONG_S, lambda: "idle" in states(queue))
    pids = queue.worker_pids
    assert holds_within(LONG_S, lambda: states(queue) == ["asleep"] and queue.worker_pids == [])
    assert all(map(is_gone, pids))
    return queue


def test_an_idle_worker_is_gone_from_memory_and_a_job_wakes_it(fake, still, small):
    queue = asleep(fake)
    for _ in range(2):
        assert ended(queue, queue.submit(still, small)).state == "done"
    assert holds_within(LONG_S, lambda: states(queue) == ["asleep"] and queue.worker_pids == [])


def test_the_studio_stays_ready_while_its_worker_sleeps_and_wakes(fake, still, small, monkeypatch):
    assert 3 * SLEEP_BEAT_S < STALE_S
    monkeypatch.setattr("jobs.slumber.SLEEP_BEAT_S", 0.2)
    queue = asleep(fake)
    beat = all_signs(queue.engine)[0].beat
    assert holds_within(LONG_S, lambda: all_signs(queue.engine)[0].beat > beat + 1), "others would take it for dead"
    assert queue.health().sentences == []
    job_id = queue.submit(still, small)
    while not queue.get(job_id).has_ended:
        assert queue.health().sentences == []


def test_a_job_from_another_host_wakes_it(fake, elsewhere, still, small):
    asleep(fake)
    assert elsewhere.health().is_ready
    assert ended(elsewhere, elsewhere.submit(still, small)).state == "done"


def test_it_wakes_for_somebody_who_is_about_to_ask(fake):
    queue = asleep(fake)
    queue.expect()
    assert holds_within(LONG_S, lambda: "idle" in states(queue))


def test_a_studio_that_closes_while_its_worker_sleeps_leaves_no_sign_of_it(fake, elsewhere, still, small):
    queue = asleep(fake)
    queue.close()
    assert states(elsewhere) == []
    job_id = elsewhere.submit(still, small)
    assert "No worker" in elsewhere.health().sentences[0]
    assert ended(fake(), job_id).state == "done"


def test_only_as_many_wake_as_have_something_to_do(fake, still, small, monkeypatch, tmp_path):
    trace = tmp_path / "trace"
    monkeypatch.setenv("STILLMOTION_FAKE_TRACE", str(trace))
    queue = fake(workers=2, idle_unload_s=0.1)
    assert holds_within(LONG_S, lambda: states(queue) == ["asleep"] * 2 and queue.worker_pids == [])
    assert ended(queue, queue.submit(still, small)).state == "done"
    assert len({line.split()[1] for line in trace.read_text().splitlines()}) == 1


def test_a_worker_at_work_does_not_sleep_however_long_it_takes(fake, still, small):
    queue = fake(Speed(load_s=5.0), idle_unload_s=0.1)
    job_id = queue.submit(still, small)
    assert holds_within(LONG_S, lambda: queue.get(job_id).state == "running")
    pids = queue.worker_pids
    while not queue.get(job_id).has_ended:
        assert "asleep" not in states(queue)
        assert queue.worker_pids == pids or queue.get(job_id).has_ended
    assert queue.get(job_id).state == "done"


def test_no_job_is_lost_between_two_states(fake, still, small):
    """Handed in whenever it may be: as the worker falls asleep, while it sleeps, while it wakes."""
    queue = fake(idle_unload_s=0.01)
    moments = random.Random(7)
    ids = []
    for _ in range(8):
        time.sleep(moments.uniform(0.0, 3.0))
        ids.append(queue.submit(still, small))
    assert [ended(queue, job_id).state for job_id in ids] == ["done"] * 8


def test_a_sleeping_worker_that_cannot_start_again_is_given_up_in_words(fake, still, small, monkeypatch):
    monkeypatch.setattr(supervisor, "WAITS_S", (0.0, 0.1, 0.1))
    queue = asleep(fake)
    monkeypatch.setattr(worker_launch, "COMMAND", [sys.executable, "-c", "raise SystemExit(3)"])
    job_id = queue.submit(still, small)
    assert holds_within(LONG_S, lambda: not queue.health().is_ready)
    assert "cannot start" in queue.health().sentences[0]
    assert queue.get(job_id).state == "queued"
