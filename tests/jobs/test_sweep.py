"""What a sweep of the store leaves alone: clips of another database, and of a database that was put back."""

from __future__ import annotations

import shutil
import time
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from jobs import caretaker, sweep
from jobs.caretaker import Caretaker
from jobs.carry_over import carry_over
from jobs.durable_queue import DurableQueue
from jobs.job import CLIP, STILL, Job, new_id
from jobs.ledger import Ledger
from jobs.schema import exclusively, jobs, open_database
from jobs.store import ASIDE
from jobs.stores import open_store
from jobs.sweep import Sweep
from jobs.turns import enter
from pipelines.request import MotionRequest
from tests.jobs.conftest import settings_in
from tests.jobs.watching import finished, holds_within


@pytest.fixture(params=["folder", "remote"])
def studio(request, tmp_path, monkeypatch, still):
    """A store, and databases that can be put in front of it; files count as old at once."""
    monkeypatch.setattr(sweep, "ARRIVING_S", -1.0)
    monkeypatch.setenv("STILLMOTION_DATA", str(tmp_path / "data"))
    place = tmp_path / "store"
    place.mkdir()
    store = open_store(settings_in(tmp_path, store=str(place) if request.param == "folder" else f"file://{place}"))
    opened = []

    def database(name):
        opened.append(open_database(f"sqlite:///{tmp_path}/{name}.sqlite"))
        return opened[-1]

    def make(engine, count):
        made = [Job(new_id(), MotionRequest(seed=1)) for _ in range(count)]
        for job in made:
            store.take_in(job.id, STILL, still)
            with exclusively(engine) as connection:
                enter(connection, job, "ada", 1)
        return {job.id for job in made}

    def swept(engine):
        work = Sweep(engine, store)
        work.run()
        return work.sentence

    yield SimpleNamespace(place=place, store=store, database=database, make=make, swept=swept, folder=tmp_path)
    for engine in opened:
        engine.dispose()


def forget(engine, ids):
    with engine.begin() as connection:
        connection.execute(jobs.delete().where(jobs.c.id.in_(ids)))


def test_the_clips_of_another_database_are_left_alone(studio):
    old = studio.database("old")
    ids = studio.make(old, 5)
    assert studio.swept(old) == ""
    new = studio.database("new")
    assert "made with another database" in studio.swept(new)
    assert set(studio.store.jobs()) == ids
    assert studio.swept(old) == ""
    assert set(studio.store.jobs()) == ids


def test_an_empty_database_takes_no_clips_of_an_unknown_one(studio):
    ids = studio.make(studio.database("old"), 2)
    assert "knows few of the clips in the store (0 of 2)" in studio.swept(studio.database("new"))
    assert set(studio.store.jobs()) == ids
    assert studio.store.label() == ""


def test_a_database_put_back_from_long_ago_loses_nothing(studio):
    engine = studio.database("one")
    ids = studio.make(engine, 9)
    assert studio.swept(engine) == ""
    forget(engine, list(ids)[:6])
    assert "knows few of the clips in the store (3 of 9)" in studio.swept(engine)
    assert set(studio.store.jobs()) == ids
    assert list(studio.store.asides()) == []


def test_what_no_job_has_is_set_aside_brought_back_and_goes_by_age(studio):
    engine = studio.database("one")
    ids = studio.make(engine, 6)
    studio.swept(engine)
    lost = list(ids)[:2]
    with engine.connect() as connection:
        rows = connection.execute(sa.select(jobs).where(jobs.c.id.in_(lost))).mappings().all()
    forget(engine, lost)
    assert studio.swept(engine) == ""
    assert {job_id for _, job_id in studio.store.asides()} == set(lost)
    assert set(studio.store.jobs()) == ids - set(lost)
    with engine.begin() as connection:
        connection.execute(jobs.insert(), [dict(rows[0])])
    studio.swept(engine)
    assert studio.store.fetch(rows[0]["id"], STILL).is_file()
    assert [job_id for _, job_id in studio.store.asides()] == [rows[1]["id"]]
    # one that was deleted for good is not brought back
    with engine.begin() as connection:
        connection.execute(jobs.insert(), [{**rows[1], "purged": True}])
    studio.swept(engine)
    assert [job_id for _, job_id in studio.store.asides()] == [rows[1]["id"]]
    keeper = Caretaker(settings_in(studio.folder), engine, studio.store)
    keeper._forget_aside()
    assert len(list(studio.store.asides())) == 1
    (day,) = [path for path in (studio.place / ASIDE).iterdir() if any(path.iterdir())]
    day.rename(day.with_name(time.strftime(sweep.DAY_FORMAT, time.localtime(time.time() - caretaker.ASIDE_S * 1.1))))
    keeper._forget_aside()
    assert list(studio.store.asides()) == []


def test_whoever_keeps_it_running_is_told(tmp_path, studio):
    studio.swept(studio.database("old"))
    queue = DurableQueue(settings_in(tmp_path, store=str(studio.place)), has_workers=False)
    queue.start()
    assert holds_within(60, lambda: any("STILLMOTION_DATABASE_URL" in each for each in queue.health().sentences))
    queue.close()


def test_a_share_that_is_not_mounted_is_no_empty_store(studio):
    engine = studio.database("one")
    studio.make(engine, 1)
    studio.swept(engine)
    if not hasattr(studio.store, "_was_labelled"):
        pytest.skip("what is mounted nowhere is away by itself")
    shutil.move(studio.place, studio.folder / "elsewhere")
    studio.place.mkdir()
    with pytest.raises(Exception, match="The place where clips are kept is away"):
        studio.store.check()


def test_clips_move_to_another_database_with_all_that_is_known_of_them(tmp_path, fake, still, small):
    queue = fake()
    job_id = finished(queue, still, small.model_copy(update={"seed": 3}))
    queue.favour(job_id, "ada", True)
    queue.close()
    new = f"sqlite:///{tmp_path}/new.sqlite"
    assert carry_over(queue._settings.url, new) == 1
    engine, store = open_database(new), open_store(queue._settings)
    work = Sweep(engine, store)
    work.run()
    assert work.sentence == ""
    job = Ledger(engine).get(job_id)
    assert (job.state, job.favourite, job.request) == ("done", True, small.model_copy(update={"seed": 3}))
    assert store.fetch(job_id, CLIP).is_file()
    with pytest.raises(Exception, match="is not empty"):
        carry_over(queue._settings.url, new)
    engine.dispose()
