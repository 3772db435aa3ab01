"""What grows: the questions that are asked of the database stay few, and none of them reads a whole table."""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from jobs import caretaker
from jobs.caretaker import Caretaker
from jobs.forecast import Forecast
from jobs.job import NAMELESS, Job, new_id
from jobs.ledger import SHOWN, Ledger
from jobs.pace import Pace
from jobs.schema import VERSION, about, database_id, exclusively, jobs, open_database
from jobs.search import LONGEST, findable
from jobs.stores import open_store
from jobs.turns import count_waiting, enter, next_turn
from pipelines.errors import InputError
from pipelines.request import MotionRequest
from tests.jobs.conftest import settings_in

OLD = {number: Path(__file__).parent / f"version{number}.sql" for number in (1, 2)}
"""Databases as older versions left them, with one clip each."""


@contextmanager
def statements(engine):
    """What is asked of the database meanwhile, with its values."""
    asked = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        asked.append((statement, parameters))

    sa.event.listen(engine, "before_cursor_execute", note)
    yield asked
    sa.event.remove(engine, "before_cursor_execute", note)


def plans(engine, asked):
    """How SQLite goes about each question, in its words."""
    with engine.connect() as connection:
        return [
            (
                statement,
                " / ".join(row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)),
            )
            for statement, values in asked
            if statement.lstrip().startswith(("SELECT", "UPDATE", "DELETE"))
        ]


def finished(engine, count, user="ada", **values):
    request, now = MotionRequest(seed=1), time.time()
    rows = []
    for number in range(count):
        made = request.model_copy(update={"seed": number})
        created = now - count + number
        told = {"id": new_id(), "owner": user, "request": made.model_dump_json(), "model": made.model, "state": "done"}
        told |= {"turn": number, "created": created, "started": created, "ended": created + 1, "bytes": 10}
        rows.append(told | findable(made, created) | values)
    with engine.begin() as connection:
        connection.execute(jobs.insert(), rows)
    return [row["id"] for row in rows]


def test_no_question_that_is_asked_often_reads_all_jobs(engine, tmp_path):
    finished(engine, 300)
    finished(engine, 20, "eve", state="failed")
    ledger, pace = Ledger(engine), Pace(engine)
    settings = settings_in(tmp_path, keep_gb=1, keep_days=3)
    keeper = Caretaker(settings, engine, open_store(settings))
    waiting = Job(new_id(), MotionRequest(seed=1))
    with statements(engine) as asked:
        for search, favourites, before in (("", False, None), ("seed 12", True, time.time()), ("pock", False, None)):
            ledger.finished("ada", search, favourites, before)
        with exclusively(engine) as connection:
            count_waiting(connection, "ada")
            enter(connection, waiting, "ada", next_turn(connection, "ada"))
        Forecast(engine, ledger, pace).of(ledger.get(waiting.id))
        ledger.owned("ada")
        ledger.turns_of_waiting()
        keeper.tend()
        keeper._tidy()
    found = [(statement, plan) for statement, plan in plans(engine, asked) if "stillmotion_jobs" in statement]
    assert len(found) > 12
    assert [each for each in found if "SCAN stillmotion_jobs" in each[1] and "USING" not in each[1]] == []
    library = [plan for statement, plan in found if "instr" in statement]
    assert library and all("COVERING INDEX stillmotion_jobs_library" in plan for plan in library)
    turns = [plan for statement, plan in found if "max(stillmotion_jobs.turn)" in statement]
    assert len(turns) == 2 and all("INDEX stillmotion_jobs_" in plan for plan in turns)


def test_a_look_at_the_last_of_many_who_wait_is_a_handful_of_questions(engine):
    ledger, pace = Ledger(engine), Pace(engine)
    pace.learn(MotionRequest(seed=1), 10)
    waiting = [Job(new_id(), MotionRequest(seed=number)) for number in range(200)]
    with exclusively(engine) as connection:
        for number, job in enumerate(waiting):
            enter(connection, job, f"user {number}", 1)
    forecast = Forecast(engine, ledger, pace)
    with statements(engine) as first:
        job = forecast.of(ledger.get(waiting[-1].id))
    with statements(engine) as next_one:
        other = forecast.of(ledger.get(waiting[99].id))
    assert (len(first), len(next_one)) == (5, 2)
    assert (job.position, other.position) == (200, 100)
    assert job.remaining_s == pytest.approx(200 * 10)
    assert other.remaining_s == pytest.approx(100 * 10)


def test_a_library_comes_page_by_page(engine):
    ids = finished(engine, 2 * SHOWN + 10)[::-1]
    ledger, found = Ledger(engine), []
    page = ledger.finished("ada")
    while page:
        found.append([job.id for job in page])
        page = ledger.finished("ada", before=page[-1].created)
    assert found == [ids[:SHOWN], ids[SHOWN : 2 * SHOWN], ids[2 * SHOWN :]]


def test_a_search_of_a_book_is_refused_in_words(engine):
    with pytest.raises(InputError, match=f"up to {LONGEST} letters"):
        Ledger(engine).finished("ada", "word " * 1000)


def test_a_round_looks_at_what_changed_and_closing_waits_for_nothing(engine, tmp_path, monkeypatch):
    settings = settings_in(tmp_path)
    store = open_store(settings)
    for job_id in finished(engine, 50):
        (tmp_path / "jobs" / job_id).mkdir()
    keeper = Caretaker(settings, engine, store)
    keeper.sweep()
    with statements(engine) as asked:
        keeper._tidy()
    assert len(asked) == 1
    # a disk that takes its time must not hold up Ctrl-C
    monkeypatch.setattr(caretaker, "CLOSE_S", 0.1)
    monkeypatch.setattr(keeper, "sweep", lambda: time.sleep(30))
    keeper.start()
    begun = time.monotonic()
    keeper.close()
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize("number", OLD)
def test_a_database_of_an_older_version_is_brought_forward(tmp_path, number):
    with sqlite3.connect(tmp_path / "old.sqlite") as old:
        old.executescript(OLD[number].read_text())
    old.close()
    engine, fresh = (open_database(f"sqlite:///{tmp_path}/{name}.sqlite") for name in ("old", "new"))
    found = Ledger(engine).finished("ada", "photo pocket seed 42")
    assert [(job.request.seed, job.name, job.title) for job in found] == [(42, NAMELESS, "")]
    assert len(database_id(engine)) == 32
    looks = [sa.inspect(each) for each in (engine, fresh)]
    for table in looks[1].get_table_names():
        columns, indexes = (
            [{(each["name"], *each.get("column_names", ())) for each in getattr(look, what)(table)} for look in looks]
            for what in ("get_columns", "get_indexes")
        )
        assert columns[0] == columns[1] and indexes[0] == indexes[1]
    for each in (engine, fresh):
        with each.connect() as connection:
            version = connection.execute(sa.select(about.c.value).where(about.c.name == "version")).scalar()
            assert version == str(VERSION)
        each.dispose()
    open_database(f"sqlite:///{tmp_path}/old.sqlite").dispose()
