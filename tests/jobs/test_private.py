"""What other users of the machine may read of a studio: nothing; and where its secret is, and is not."""

from __future__ import annotations

import os
import sqlite3
import stat

import pytest

from jobs.job import STILL
from jobs.secret import secret_of
from jobs.settings import JobSettings, job_settings
from pipelines.errors import InputError
from tests.jobs.watching import finished, in_threads


def rights(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def open_by_default(tmp_path, monkeypatch):
    """A data folder of an older studio that all may look into, and new files that all may read."""
    monkeypatch.setenv("STILLMOTION_DATA", str(tmp_path))
    tmp_path.chmod(0o755)
    before = os.umask(0o022)
    yield tmp_path
    os.umask(before)


def test_others_see_neither_stills_nor_the_database(open_by_default, fake, still, small):
    queue = fake()
    job_id = finished(queue, still, small)
    assert rights(open_by_default) == 0o700
    assert {rights(path) for path in open_by_default.glob("studio.sqlite*")} == {0o600}
    assert rights(queue.file(job_id, STILL)) == 0o600
    assert rights(queue.file(job_id, STILL).parent) == 0o700


def test_the_secret_is_made_once_for_this_user_and_is_in_no_database(open_by_default, fake):
    settings = JobSettings()
    found = set(in_threads(6, lambda _: secret_of(settings)))
    assert len(found) == 1
    (secret,) = found
    assert len(secret) == 64
    assert rights(open_by_default / "secret") == 0o600
    queue = fake()
    queue.close()
    with sqlite3.connect(open_by_default / "studio.sqlite") as database:
        assert secret not in "\n".join(database.iterdump())
        assert not database.execute("SELECT * FROM stillmotion_about WHERE name = 'secret'").fetchall()
    database.close()


def test_hosts_that_serve_one_page_are_told_one_secret(monkeypatch, open_by_default):
    monkeypatch.setenv("STILLMOTION_SECRET", "s" * 40)
    assert secret_of(job_settings()) == "s" * 40
    assert not (open_by_default / "secret").exists()
    assert "ssss" not in repr(job_settings())
    monkeypatch.setenv("STILLMOTION_SECRET", "short")
    with pytest.raises(InputError, match="STILLMOTION_SECRET cannot be used"):
        job_settings()
