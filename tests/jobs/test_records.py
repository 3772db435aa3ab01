"""Jobs on disk: ids that lead nowhere else, records that are whole, failures that leave nothing."""

from __future__ import annotations

import json
import os
import resource
from contextlib import contextmanager

import pytest

from jobs.files import write_whole
from jobs.job import Job, is_id, new_id
from jobs.records import write_record
from jobs.table import JobTable
from pipelines.errors import ClipError, InputError, StillError
from pipelines.request import MotionRequest

NOT_IDS = [
    *[
        "",
        ".",
        "..",
        "../" + "0" * 29,
        "/etc/passwd",
        "0" * 31,
        "0" * 33,
        "A" * 32,
        "é" * 32,
        "٣" * 32,
        "0" * 32 + "\n",
    ],
    *["x" * 32, "0" * 100_000, "a\0" * 16, "..%2f..%2f" + "0" * 22, "0" * 16 + "/" + "0" * 15, None, 3, ["0" * 32], {}],
]

DAMAGED = [
    *["", "null", "[]", "{", "{}", '"text"', "\0", "[" * 100_000, '{"id": "x"}'],
    '{"id": "x", "request": {}, "state": "flying"}',
    '{"id": "x", "request": {"fps": 0}}',
    '{"id": "x", "request": {}, "step": "many"}',
]


@pytest.fixture
def table(tmp_path):
    return JobTable(tmp_path / "jobs")


def names_in(folder):
    return {path.name for path in folder.iterdir()}


@contextmanager
def no_file_larger_than(size):
    """The system refuses to let files grow beyond `size` bytes, as it does on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("text", NOT_IDS, ids=lambda text: repr(text)[:30])
def test_what_is_no_id_names_no_folder(table, text):
    assert not is_id(text)
    for ask in (table.folder, table.get, lambda text: next(table.watch(text))):
        with pytest.raises(InputError, match="There is no such clip here"):
            ask(text)


def test_an_id_is_random_and_names_a_folder_of_the_table(table):
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000 and all(map(is_id, ids))
    assert {table.folder(each).path.parent.name for each in ids} == {"jobs"}


@pytest.mark.parametrize("text", DAMAGED, ids=lambda text: text[:20])
def test_a_damaged_record_is_an_input_error(table, text):
    folder = table.folder("0" * 32)
    folder.path.mkdir(parents=True)
    folder.record.write_text(text)
    with pytest.raises(InputError, match="The record of this clip is damaged"):
        table.get("0" * 32)


def test_a_record_that_is_a_folder_is_an_input_error(table):
    table.folder("0" * 32).record.mkdir(parents=True)
    with pytest.raises(InputError, match="damaged"):
        table.get("0" * 32)


def test_a_job_survives_its_record(table):
    job = Job(
        "0" * 32,
        MotionRequest(seed=5, fps=12, backdrop="#00ff7f"),
        state="done",
        previews=3,
        seconds=1.25,
        sentence="Schön – “gut”.",
        facts={"fps": 7.5, "width": 64},
    )
    folder = table.folder(job.id)
    folder.path.mkdir(parents=True)
    write_record(folder, job)
    assert table.get(job.id) == job
    assert json.loads(job.to_json())["request"]["seed"] == 5


def test_a_job_that_ends_leaves_memory_and_its_partials(table):
    job = Job("0" * 32, MotionRequest(), state="done")
    folder = table.folder(job.id)
    folder.path.mkdir(parents=True)
    (folder.path / "clip.mp4.partial").write_bytes(b"half")
    table.put(job)
    table.end(job)
    assert table._under_way == {}
    assert names_in(folder.path) == {"job.json"}


def test_a_job_whose_end_cannot_be_written_down_ends_all_the_same(table):
    job = Job("0" * 32, MotionRequest(), state="done")
    table.put(Job(job.id, job.request, state="running"))
    table.end(job)
    assert table.get(job.id) == job
    assert list(table.watch(job.id)) == [job]


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "record"
    write_whole(path, b"old")
    with no_file_larger_than(1_000_000), pytest.raises(OSError, match="too large"):
        write_whole(path, bytes(2_000_000))
    assert path.read_bytes() == b"old"
    assert names_in(tmp_path) == {"record"}


def test_a_full_disk_at_the_submission_is_named_and_leaves_nothing(queue, small, tmp_path):
    large = tmp_path / "large.jpg"
    large.write_bytes(bytes(2_000_000))
    before = names_in(queue._table._root)
    with no_file_larger_than(1_000_000), pytest.raises(ClipError, match="The disk is full: the picture could not"):
        queue.submit(large, small)
    assert names_in(queue._table._root) == before
    assert queue._table._under_way == {}


def test_a_folder_that_cannot_be_written_to_is_named(own_queue, still, small):
    root = own_queue._table._root
    root.parent.mkdir(exist_ok=True)
    root.write_text("a file where the folder should be")
    with pytest.raises(ClipError, match=r"cannot be written to.*STILLMOTION_DATA"):
        own_queue.submit(still, small)


def test_a_picture_that_is_not_there_is_named(queue, small, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    before = names_in(queue._table._root)
    for name in ("nothing.png", "pipe", "", "x" * 5000, "a\0b"):
        with pytest.raises(StillError, match="There is no such picture"):
            queue.submit(tmp_path / name, small)
    assert names_in(queue._table._root) == before


def test_a_picture_that_goes_while_it_is_copied_is_named(own_queue, still, small, monkeypatch):
    def gone(source, target):
        raise FileNotFoundError(2, "No such file or directory", str(source))

    monkeypatch.setattr("jobs.records.shutil.copyfile", gone)
    with pytest.raises(StillError, match="cannot be read"):
        own_queue.submit(still, small)
    assert names_in(own_queue._table._root) == set()
