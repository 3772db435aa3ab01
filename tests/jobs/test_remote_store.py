"""Clips kept elsewhere: what many ask for at once comes whole, to each of them."""

from __future__ import annotations

import threading
from contextlib import suppress

import pytest

from jobs import remote_store
from jobs.job import CLIP, new_id
from jobs.remote_store import RemoteStore
from media.whole_file import partial_path
from tests.jobs.watching import in_threads

CONTENT = bytes(range(256)) * 4000


@pytest.fixture
def store(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    return RemoteStore(f"file://{tmp_path}/elsewhere", tmp_path / "copies")


@pytest.fixture
def clip(store, tmp_path):
    source, job_id = tmp_path / "source", new_id()
    source.write_bytes(CONTENT)
    store.take_in(job_id, CLIP, source)
    return job_id


def test_first_requests_for_one_file_share_nothing_but_the_result(store, clip, monkeypatch):
    real, begun, together = store._files.get_file, [], threading.Barrier(4)

    def slow(source, target):
        begun.append(target)
        with suppress(threading.BrokenBarrierError):
            together.wait(0.5)
        real(source, target)

    monkeypatch.setattr(store._files, "get_file", slow)
    found = in_threads(4, lambda _: store.fetch(clip, CLIP).read_bytes())
    assert found == [CONTENT] * 4
    assert len(begun) == 1


def test_workers_of_one_machine_do_not_write_into_one_file(store, clip, tmp_path):
    other = RemoteStore(f"file://{tmp_path}/elsewhere", tmp_path / "copies")
    found = in_threads(8, lambda index: (store, other)[index % 2].fetch(clip, CLIP).read_bytes())
    assert found == [CONTENT] * 8
    assert len(list((tmp_path / "copies").iterdir())) == 1
    assert partial_path(tmp_path / "a") != partial_path(tmp_path / "a")


def test_a_copy_that_was_just_handed_out_stays(store, tmp_path, monkeypatch):
    monkeypatch.setattr(remote_store, "KEPT", 1)
    source = tmp_path / "source"
    source.write_bytes(CONTENT)
    ids = [new_id() for _ in range(3)]
    for job_id in ids:
        store.take_in(job_id, CLIP, source)
    handed_out = [store.fetch(job_id, CLIP) for job_id in ids]
    assert all(path.is_file() for path in handed_out)
    monkeypatch.setattr(remote_store, "YOUNG_S", -1.0)
    store._forget_oldest()
    assert [path.is_file() for path in handed_out].count(True) == 1
