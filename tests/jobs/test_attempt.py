"""One attempt at a job: it stops when it is told to, and what it keeps by the way is not worth a clip."""

from __future__ import annotations

import numpy as np
import pytest

from jobs.attempt import Attempt, Desk
from jobs.claims import Claims, LeaseLost
from jobs.job import CHECKPOINT, STILL, Job, new_id
from jobs.ledger import Ledger
from jobs.pace import Pace
from jobs.schema import exclusively
from jobs.scratch import Scratch
from jobs.stores import open_store
from jobs.turns import enter
from pipelines.contract import Checkpoint, StepEvent
from pipelines.errors import Cancelled, StoreError
from tests.jobs.conftest import settings_in


@pytest.fixture
def job(engine, small):
    job = Job(new_id(), small.with_seed())
    with exclusively(engine) as connection:
        enter(connection, job, "ada", 1)
    return job


@pytest.fixture
def desk(engine, tmp_path):
    store, scratch = open_store(settings_in(tmp_path)), Scratch(tmp_path / "scratch")
    return Desk(Claims(engine, "first"), store, scratch, Pace(engine, "here"), 2)


@pytest.fixture
def attempt(desk, job, still):
    desk.store.take_in(job.id, STILL, still)
    return Attempt(desk, desk.claims.take(job.id))


def sampling(step, arrays=None):
    checkpoint = Checkpoint(step, arrays or {"latents": np.full((2, 3), step, np.float32)})
    return StepEvent("sampling", step, 6, checkpoint=lambda: checkpoint)


def test_a_job_is_given_to_one_worker_alone(engine, desk, attempt):
    assert Claims(engine, "second").take(attempt.claim.id) is None


def test_a_stop_is_heard_at_the_next_step(engine, attempt):
    attempt.on_step(StepEvent("load", 0, 1))
    Ledger(engine).ask_to_cancel(attempt.claim.id)
    with pytest.raises(Cancelled):
        attempt.on_step(StepEvent("load", 1, 1))


def test_who_was_taken_for_dead_stops_and_writes_nothing(engine, desk, attempt):
    from jobs.beats import release

    release(engine, "first")
    other = Claims(engine, "second").take(attempt.claim.id)
    assert other is not None
    with pytest.raises(LeaseLost):
        attempt.on_step(StepEvent("load", 0, 1))
    with pytest.raises(LeaseLost):
        desk.claims.end(attempt.claim, state="done")
    assert Ledger(engine).get(attempt.claim.id).state == "running"


def test_checkpoints_are_kept_every_few_steps_and_after_the_last(desk, attempt):
    for step, kept in ((1, None), (2, 2), (3, 2), (4, 4), (5, 4), (6, 6)):
        attempt.on_step(sampling(step))
        found = attempt._checkpoint() if kept else None
        assert (found.step if found else None) == kept
    assert found.arrays["latents"].tolist() == [[6.0] * 3] * 2
    assert attempt.has_sampling


def test_a_checkpoint_costs_nothing_where_it_is_not_due(attempt):
    def copied():
        raise AssertionError("copied for nothing")

    attempt.on_step(StepEvent("sampling", 1, 6, checkpoint=copied))


def test_a_checkpoint_of_other_settings_or_weights_or_a_damaged_one_is_not_used(desk, attempt, job, monkeypatch):
    from jobs.checkpoints import read_checkpoint

    attempt.on_step(sampling(2))
    file = desk.store.fetch(job.id, CHECKPOINT)
    request = attempt.claim.request
    assert read_checkpoint(file, request).step == 2
    assert read_checkpoint(file, request.model_copy(update={"decode_chunk_size": 3, "playback_fps": 9})).step == 2
    assert read_checkpoint(file, request.model_copy(update={"seed": request.seed + 1})) is None
    with monkeypatch.context() as other_host:
        other_host.setattr("jobs.checkpoints.origin_of", lambda model: "sha256:other weights by the same id")
        assert read_checkpoint(file, request) is None
    whole = file.read_bytes()
    for damaged in (b"", whole[:30], whole[:-3], b"\0" * len(whole), b"\xff" * 9 + whole[9:]):
        file.write_bytes(damaged)
        assert read_checkpoint(file, request) is None


def test_what_cannot_be_kept_by_the_way_does_not_cost_the_clip(desk, attempt, monkeypatch):
    def full(*_):
        raise StoreError("Away.")

    monkeypatch.setattr(desk.store, "put", full)
    attempt.on_step(sampling(2))
    attempt.on_step(StepEvent("sampling", 3, 6, np.zeros((2, 8, 8, 3), np.uint8)))
    assert not attempt.has_sampling


def test_a_run_goes_on_while_the_database_is_away(desk, attempt, monkeypatch):
    def away(*_, **__):
        raise StoreError("Away.")

    monkeypatch.setattr(desk.claims, "check", away)
    monkeypatch.setattr(desk.claims, "note", away)
    attempt.on_step(sampling(6))
    assert attempt.has_sampling
