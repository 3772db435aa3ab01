"""Whoever looks after the workers outlives what goes wrong with them, and does not try for ever."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from jobs import supervisor, worker_launch
from jobs.supervisor import _slots
from pipelines.machine import Gpu
from tests.jobs.conftest import settings_in
from tests.jobs.watching import ended, holds_within


def test_a_worker_that_cannot_be_made_now_is_made_later(fake, still, small, monkeypatch):
    monkeypatch.setattr(supervisor, "WAITS_S", (0.0, 0.1))
    real, failures = supervisor.WorkerProcess, [OSError("no memory")] * 3

    def made(*arguments):
        if failures:
            raise failures.pop()
        return real(*arguments)

    monkeypatch.setattr(supervisor, "WorkerProcess", made)
    queue = fake()
    assert ended(queue, queue.submit(still, small)).state == "done"
    assert failures == []


def test_what_the_last_worker_said_does_not_speak_for_one_that_dies_at_its_start(
    fake, still, small, monkeypatch, tmp_path
):
    queue = fake()
    ended(queue, queue.submit(still, small))
    # it has said that it is ready, which stays in the table
    assert holds_within(60, lambda: queue.health().is_ready)
    monkeypatch.setattr(supervisor, "WAITS_S", (0.0, 0.05, 0.1, 0.1))
    script = f"open({str(tmp_path / 'starts')!r}, 'a').write('x'); raise SystemExit(3)"
    monkeypatch.setattr(worker_launch, "COMMAND", [sys.executable, "-c", script])
    os.kill(queue.worker_pids[0], signal.SIGKILL)
    assert holds_within(60, lambda: "cannot start" in " ".join(queue.health().sentences))
    assert 2 <= len((tmp_path / "starts").read_text()) <= 4


def test_a_worker_that_is_ready_and_dies_comes_ever_later_and_is_spoken_of(engine, tmp_path, monkeypatch):
    from jobs.beats import Heart

    watched = supervisor.Supervisor(settings_in(tmp_path), engine)
    [slot] = watched._slots
    monkeypatch.setattr(supervisor.time, "monotonic", lambda: 1000.0)
    waits = []
    for _ in range(8):
        slot.starts += 1
        Heart(engine, slot.name).beat("idle", "", 0)
        watched._plan_next(slot, -9, 1.0)
        waits.append(slot.next_start - 1000.0)
    assert waits == [0.0, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 8.0]
    assert "ended 7 times soon after its start" in watched.warning
    Heart(engine, slot.name).beat("working", "a job", 0)
    watched._plan_next(slot, -9, 1.0)
    assert (slot.next_start, watched.warning) == (1000.0, "")


def test_each_worker_sees_a_gpu_that_we_see(tmp_path, monkeypatch):
    shown = tuple(Gpu(f"H100 {device}", 1, device) for device in ("2", "GPU-3"))
    monkeypatch.setattr(supervisor, "gpus", lambda: shown)
    for workers, expected in ((0, ["2", "GPU-3"]), (3, ["2", "GPU-3", "2"])):
        slots = _slots(settings_in(tmp_path, workers=workers))
        assert [slot.environment["CUDA_VISIBLE_DEVICES"] for slot in slots] == expected


@pytest.mark.parametrize("code", [supervisor.SPENT, supervisor.AWAY])
def test_an_end_in_good_order_is_no_trouble(engine, tmp_path, code):
    watched = supervisor.Supervisor(settings_in(tmp_path), engine)
    [slot] = watched._slots
    for _ in range(9):
        slot.starts += 1
        watched._plan_next(slot, code, 1.0)
    assert (slot.sentence, watched.warning) == ("", "")
