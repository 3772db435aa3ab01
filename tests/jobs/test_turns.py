"""Fairness: whose turn it is, and who is told to come back later."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from benchmarks.jobs_figures.fake_model import Speed
from jobs.job import Job, new_id
from jobs.schema import exclusively, jobs
from jobs.turns import enter, next_turn
from pipelines.errors import NotYours, QueueFull
from pipelines.request import MotionRequest
from tests.jobs.watching import ended, in_threads, until


@pytest.fixture
def line(engine):
    """A queue on paper: people hand in jobs, and a worker takes the next one."""

    class Line:
        def hand_in(self, *people):
            for person in people:
                with exclusively(engine) as connection:
                    enter(connection, Job(new_id(), MotionRequest(seed=1)), person, next_turn(connection, person))

        def serve(self, count):
            return "".join(self._next() for _ in range(count))

        def _next(self):
            query = sa.select(jobs).where(jobs.c.state == "queued").order_by(jobs.c.turn, jobs.c.place).limit(1)
            with engine.begin() as connection:
                row = connection.execute(query).one()
                begun = {"state": "done", "started": 1.0}
                connection.execute(jobs.update().where(jobs.c.id == row.id).values(**begun))
            return row.owner

    return Line()


def test_one_after_the_other_among_people(line):
    line.hand_in(*"aaaa", "b", "b", "c")
    assert line.serve(7) == "abcabaa"


def test_who_comes_late_waits_for_one_turn_of_the_others_and_not_for_their_past(line):
    line.hand_in(*"a" * 10)
    assert line.serve(5) == "aaaaa"
    line.hand_in("b", "b")
    assert line.serve(4) == "baba"
    line.hand_in("c")
    assert "c" in line.serve(2)


def test_an_idle_time_is_no_credit(line):
    line.hand_in("b")
    line.serve(1)
    line.hand_in(*"a" * 9)
    line.serve(6)
    line.hand_in(*"bbb")
    served = line.serve(6)
    assert sorted(served[:4]) == list("aabb")


def test_alone_everybody_is_served_in_order(line):
    line.hand_in(*"aaa")
    assert line.serve(3) == "aaa"


def test_ones_own_waiting_jobs_change_places_and_nobody_else_s_do(fake, gate, still, small):
    gate.close_after("sampling", 1)
    queue = fake()
    until(queue, queue.submit(still, small, "zoe"), lambda job: job.state == "running")
    people = ["ada", "bob", "ada", "cy", "ada", "bob"]
    waiting = [(person, queue.submit(still, small, person)) for person in people]
    ids = {person: [job_id for owner, job_id in waiting if owner == person] for person in people}
    first, second, third = ids["ada"]

    def places():
        return {job_id: queue.get(job_id).position for _, job_id in waiting}

    before = places()
    queue.make_next(third, "ada")
    after = places()
    assert [after[each] for each in (third, first, second)] == sorted(before[each] for each in ids["ada"])
    assert all(after[each] == before[each] for person in ("bob", "cy") for each in ids[person])
    with pytest.raises(NotYours):
        queue.make_next(third, "bob")
    # twice changes nothing more
    queue.make_next(third, "ada")
    assert places() == after
    expected = sorted(after, key=after.get)
    gate.open()
    assert {ended(queue, job_id).state for job_id in expected} == {"done"}
    with queue.engine.connect() as connection:
        served = connection.execute(sa.select(jobs.c.id).order_by(jobs.c.started)).scalars().all()
    assert served[1:] == expected
    queue.make_next(third, "ada")
    assert queue.get(third).state == "done"


def test_nine_others_are_served_among_the_flood_of_one(fake, still, small):
    queue = fake(Speed(step_s=0.01), workers=2)
    flood = [queue.submit(still, small, "flood") for _ in range(16)]
    others = [queue.submit(still, small, f"user {index}") for index in range(6)]
    for job_id in (*flood, *others):
        assert ended(queue, job_id).state == "done"
    with queue.engine.connect() as connection:
        order = connection.execute(sa.select(jobs.c.owner).order_by(jobs.c.ended)).scalars().all()
    places = [order.index(f"user {index}") for index in range(6)]
    # besides theirs: the two that were begun before, one turn of the flood, and one for the race of two workers
    assert max(places) < 6 + 4


def test_a_person_may_have_so_many_waiting_and_no_more_however_they_are_handed_in(fake, gate, still, small):
    gate.close_after("sampling", 1)
    queue = fake(waiting_per_user=3, waiting_in_all=5)
    running = queue.submit(still, small, "ada")
    until(queue, running, lambda job: job.state == "running")

    def one(user):
        try:
            return queue.submit(still, small, user)
        except QueueFull as refusal:
            return refusal

    mine = in_threads(8, lambda _: one("ada"))
    refused = [each for each in mine if isinstance(each, QueueFull)]
    assert len(refused) == 5
    assert all("You have 3 clips waiting" in str(each) and each.retry_after_s >= 1 for each in refused)
    others = [one(f"other {index}") for index in range(4)]
    assert [isinstance(each, QueueFull) for each in others] == [False, False, True, True]
    assert "The queue is full: 5 clips are waiting." in str(others[-1])
    for job_id in (*mine, *others, running):
        if isinstance(job_id, str):
            queue.cancel(job_id, queue_owner(queue, job_id))
    assert isinstance(one("ada"), str)
    # what was refused has left nothing behind
    folders = {path.name for path in (queue.file(running, "still").parent.parent).iterdir() if path.is_dir()}
    assert len(folders) == 1 + 3 + 2 + 1


def queue_owner(queue, job_id):
    with queue.engine.connect() as connection:
        return connection.execute(sa.select(jobs.c.owner).where(jobs.c.id == job_id)).scalar()


def test_waiting_jobs_know_their_place_and_the_time_until_they_are_done(fake, gate, still, small):
    queue = fake(Speed(step_s=0.1))
    ended(queue, queue.submit(still, small))
    gate.close_after("sampling", 1)
    ids = [queue.submit(still, small) for _ in range(3)]
    until(queue, ids[0], lambda job: job.stage == "sampling")
    second, third = queue.get(ids[1]), queue.get(ids[2])
    assert (queue.get(ids[0]).position, second.position, third.position) == (None, 1, 2)
    assert 0 < second.remaining_s < third.remaining_s
    queue.cancel(ids[1])
    assert queue.get(ids[2]).position == 1
    gate.open()
    assert ended(queue, ids[2]).remaining_s is None
