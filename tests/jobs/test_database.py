"""The database: made once, refused when it is newer, and away without anything lost; clocks that jump."""

from __future__ import annotations

import shutil
import time

import pytest
import sqlalchemy as sa

from benchmarks.jobs_figures.fake_model import Speed
from jobs import beats
from jobs.beats import Heart, Watch, all_signs
from jobs.schema import about, database_id, jobs, open_database
from jobs.settings import JobSettings, job_settings
from pipelines.errors import InputError, StoreError
from tests.jobs.watching import ended, in_threads, until


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/deep/down/db"


def test_it_is_made_once_by_whoever_comes_first(url):
    engines = in_threads(6, lambda _: open_database(url))
    assert len({database_id(engine) for engine in engines}) == 1
    assert len(database_id(engines[0])) == 32
    for engine in engines:
        engine.dispose()


def test_one_of_a_newer_version_is_refused_and_left_as_it_is(url):
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(about.update().where(about.c.name == "version").values(value="99"))
    engine.dispose()
    with pytest.raises(InputError, match="written by a newer Stillmotion"):
        open_database(url)
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        assert connection.execute(sa.select(about.c.value).where(about.c.name == "version")).scalar() == "99"
    engine.dispose()


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg://nobody@127.0.0.1:1/x", "sqlite:////proc/no/such/db", "sqlite:////dev/null/db"]
)
def test_one_that_does_not_answer_is_named(url):
    with pytest.raises(StoreError, match=r"does not answer\. See that"):
        open_database(url)


def test_a_file_that_is_no_database_is_named(tmp_path):
    (tmp_path / "db").write_text("my shopping list " * 100)
    with pytest.raises(StoreError):
        open_database(f"sqlite:///{tmp_path}/db")
    assert (tmp_path / "db").read_text().startswith("my shopping list")


@pytest.mark.parametrize("text", ["nonsense", "mysql://x", "postgresq://x/y"])
def test_an_address_that_is_none_is_named_with_its_setting(text, monkeypatch):
    monkeypatch.setenv("STILLMOTION_DATABASE_URL", text)
    with pytest.raises(InputError, match="STILLMOTION_DATABASE_URL"):
        job_settings()


def test_settings_are_told_to_workers_as_they_are(monkeypatch):
    settings = JobSettings(database_url="postgres://u:p@h/d", workers=2, keep_gb=1.5, warm=False)
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert job_settings() == settings
    assert settings.url == "postgresql+psycopg://u:p@h/d"


@pytest.mark.parametrize(("name", "value"), [("WORKERS", "-1"), ("KEEP_DAYS", "soon"), ("WAITING_PER_USER", "0")])
def test_a_setting_that_cannot_be_used_is_named(monkeypatch, name, value):
    monkeypatch.setenv(f"STILLMOTION_{name}", value)
    with pytest.raises(InputError, match=f"STILLMOTION_{name}"):
        job_settings()


def test_a_clock_that_jumps_makes_nobody_dead_and_no_job_lasts_less_than_nothing(fake, still, small, monkeypatch):
    queue = fake(Speed(step_s=0.1))
    job_id = queue.submit(still, small.model_copy(update={"num_inference_steps": 20}))
    until(queue, job_id, lambda job: job.state == "running")
    worker = queue.worker_pids
    real = time.time
    for jump in (86_400, -86_400):
        monkeypatch.setattr(time, "time", lambda by=jump: real() + by)
        assert queue.health().is_ready
        assert queue.get(job_id).state == "running"
    with queue.engine.begin() as connection:
        connection.execute(jobs.update().where(jobs.c.id == job_id).values(started=real() + 86_400))
    job = ended(queue, job_id)
    assert (job.state, job.seconds) == ("done", 0.0)
    assert queue.worker_pids == worker


def test_who_gives_no_sign_for_long_is_dead_and_who_was_not_watched_is_not(url, monkeypatch):
    engine = open_database(url)
    now = [100.0]
    monkeypatch.setattr(beats.time, "monotonic", lambda: now[0])
    here, there, watch = Heart(engine, "here"), Heart(engine, "there"), Watch(engine)
    here.beat("idle", "", 0)
    there.beat("working", "x", 5)
    assert watch.dead() == []
    for _ in range(20):
        now[0] += beats.BEAT_S
        here.beat("idle", "", 0)
        watch.dead()
    assert watch.dead() == ["there"]
    assert watch.living() == ["here"]
    assert [sign.memory for sign in all_signs(engine)] == [0, 5]
    there.stop()
    assert watch.dead() == []
    engine.dispose()


def test_nobody_is_dead_because_the_database_was_away(url, tmp_path, monkeypatch):
    engine = open_database(url)
    now = [100.0]
    monkeypatch.setattr(beats.time, "monotonic", lambda: now[0])
    Heart(engine, "here").beat("idle", "", 0)
    watch = Watch(engine)
    watch.dead()
    now[0] += beats.STALE_S + 1
    with monkeypatch.context() as patch:
        patch.setattr(engine, "connect", lambda: (_ for _ in ()).throw(OSError("away")))
        with pytest.raises(StoreError):
            watch.dead()
    assert watch.dead() == []
    engine.dispose()


def test_a_database_that_is_put_back_from_a_copy_is_as_good(fake, still, small, tmp_path):
    queue = fake()
    job_id = queue.submit(still, small, "ada")
    ended(queue, job_id)
    queue.close()
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in (*tmp_path.glob("studio.sqlite*"), tmp_path / "jobs"):
        (shutil.copytree if file.is_dir() else shutil.copy)(file, copy / file.name)
    other = fake(folder=copy)
    assert [job.id for job in other.list("ada")] == [job_id]
    assert ended(other, other.submit(still, small)).state == "done"
