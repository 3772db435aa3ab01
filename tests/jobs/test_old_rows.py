"""Rows that nothing needs leave, counters keep what they have counted, and what is still wanted stays."""

from __future__ import annotations

import time

import sqlalchemy as sa

from jobs.dispatch import CARRIED_S, Dispatch
from jobs.ledger import Ledger
from jobs.metrics import metrics_text
from jobs.old_rows import ROWS_S, OldRows
from jobs.pace import Pace
from jobs.schema import jobs, paces, shares
from jobs.shares import Shares, Wish
from pipelines.request import MotionRequest
from tests.jobs.test_growth import finished
from tests.jobs.watching import ended


def counted(engine):
    return [
        line for line in metrics_text(engine)().decode().splitlines() if "ended_total" in line or "_seconds_" in line
    ]


def change(engine, table, where, **values):
    with engine.begin() as connection:
        connection.execute(table.update().where(where).values(**values))


def all_of(engine, column):
    with engine.connect() as connection:
        return set(connection.execute(sa.select(column)).scalars())


def test_only_what_was_deleted_long_ago_leaves_and_counters_count_on(engine):
    ids = finished(engine, 6, seconds=2.0)
    long_ago = time.time() - ROWS_S - 60
    links = [Shares(engine).share(job_id, "ada", Wish()).id for job_id in ids]
    change(engine, jobs, jobs.c.id.in_(ids[:4]), ended=long_ago)
    change(engine, jobs, jobs.c.id.in_(ids[:3]), purged=True, deleted=long_ago)
    change(engine, jobs, jobs.c.id == ids[4], purged=True, deleted=time.time())
    change(engine, shares, shares.c.id == links[3], revoked=True, created=long_ago)
    before = counted(engine)
    assert OldRows(engine).forget(time.time()) == 3
    assert all_of(engine, jobs.c.id) == set(ids[3:])
    assert all_of(engine, shares.c.id) == set(links[4:])
    assert counted(engine) == before
    assert [job.id for job in Ledger(engine).finished("ada")] == [ids[5], ids[3]]
    change(engine, jobs, jobs.c.id == ids[4], ended=long_ago)
    assert OldRows(engine).forget(time.time()) == 1
    assert counted(engine) == before


def test_machines_that_are_gone_are_not_averaged_for_ever(engine):
    request = MotionRequest(seed=1)
    for machine, seconds in (("attic", 100.0), ("cellar", 10.0)):
        Pace(engine, machine).learn(request, seconds)
    change(engine, paces, paces.c.machine == "attic", learned=time.time() - ROWS_S - 1)
    OldRows(engine).forget(time.time())
    assert Pace(engine).estimate(request) == 10.0


def test_the_queue_s_own_entries_leave_when_their_jobs_have_ended(fake, still, small):
    queue = fake()
    assert ended(queue, queue.submit(still, small)).state == "done"
    dispatch = Dispatch(queue.engine)
    try:
        assert dispatch.forget(time.time() - CARRIED_S) == 0
        deadline = time.monotonic() + 20
        while not (count := dispatch.forget(time.time() + 1)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert count == 1
        assert dispatch.forget(time.time() + 1) == 0
    finally:
        dispatch.close()
    assert ended(queue, queue.submit(still, small)).state == "done"
