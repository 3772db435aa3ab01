"""The library of finished clips: found, kept, deleted and brought back; what is tidied away and what is not."""

from __future__ import annotations

import time

import pytest
import sqlalchemy as sa

from benchmarks.jobs_figures.fake_model import Speed
from jobs import caretaker, scratch, sweep
from jobs.caretaker import Caretaker
from jobs.job import CLIP, POSTER, STILL, new_id
from jobs.schema import jobs
from jobs.shares import Shares, Wish
from jobs.stores import open_store
from pipelines.errors import ClipError, NotYours, UnknownJob
from tests.jobs.conftest import settings_in
from tests.jobs.watching import ended


@pytest.fixture
def made(fake, still, small):
    """A queue and three clips of Ada's, oldest first."""
    queue = fake()
    wanted = ((11, 7, "the wren_2 at home"), (12, 7, "speed boat"), (13, 12, "京都の寺"))
    ids = [
        queue.submit(still, small.model_copy(update={"seed": seed, "fps": fps}), "ada", name)
        for seed, fps, name in wanted
    ]
    assert {ended(queue, job_id).state for job_id in ids} == {"done"}
    return queue, ids


def ids_of(found):
    return [job.id for job in found]


def hands(queue, tmp_path, **changes):
    """A caretaker who is called when a test wants it."""
    settings = settings_in(tmp_path, **changes)
    return Caretaker(settings, queue.engine, open_store(settings))


def backdate(queue, job_id, column, seconds):
    with queue.engine.begin() as connection:
        connection.execute(jobs.update().where(jobs.c.id == job_id).values(**{column: time.time() - seconds}))


def test_a_person_s_clips_are_there_newest_first_with_all_that_made_them(made):
    queue, ids = made
    found = queue.list("ada")
    assert ids_of(found) == ids[::-1]
    assert [job.request.seed for job in found] == [13, 12, 11]
    assert all(job.facts["num_frames"] == 6 and job.seconds > 0 and job.created > 0 for job in found)
    assert queue.file(ids[0], POSTER).read_bytes()[:2] == b"\xff\xd8"
    assert ids_of(queue.list("eve")) == []


SEARCHES = [
    ("", [13, 12, 11]),
    ("12", [12]),
    ("seed 12", [12]),
    ("fps 12", [13]),
    ("Motion 127 steps 6 noise 0.02", [13, 12, 11]),
    ("frames 7", []),
    ("pock 256x128", [13, 12, 11]),
    (time.strftime("%Y-%m"), [13, 12, 11]),
    ("svd", []),
    ("%", []),
    ("seed=13", [13]),
    ("wren", [11]),
    ("Wren 2 seed 11", [11]),
    ("ren", []),
    ("speed boat", [12]),
    ("speed", [13, 12, 11]),
    ("の寺", [13]),
]


def test_a_search_looks_at_the_name_and_every_setting(made):
    queue, _ = made
    found = [(search, [job.request.seed for job in queue.list("ada", search)]) for search, _ in SEARCHES]
    assert found == SEARCHES


def test_what_is_made_anew_is_called_as_its_picture_was(made):
    queue, ids = made
    again = queue.again(ids[1], queue.get(ids[1]).request, "ada")
    decoded = queue.decode_again(ids[1], queue.get(ids[1]).request, "ada")
    for job_id in (again, decoded):
        assert (ended(queue, job_id).name, queue.get(job_id).state) == ("speed boat", "done")
    assert set(ids_of(queue.list("ada", "boat"))) == {ids[1], again, decoded}
    with pytest.raises(NotYours):
        queue.again(ids[1], queue.get(ids[1]).request, "eve")


def test_a_clip_is_found_by_its_newest_title_too(made):
    queue, ids = made
    Shares(queue.engine).share(ids[0], "ada", Wish(title="Grandma's birthday"))
    assert ids_of(queue.list("ada", "birthday")) == ids_of(queue.list("ada", "wren")) == [ids[0]]
    queue.entitle(ids[0], "ada", "Ein Geschenk für Öla")
    assert queue.get(ids[0]).title == "Ein Geschenk für Öla"
    assert ids_of(queue.list("ada", "o\u0308la")) == [ids[0]]
    assert queue.list("ada", "birthday") == []
    with pytest.raises(NotYours):
        queue.entitle(ids[0], "eve", "Mine")


def test_favourites_are_found_and_forgotten_again(made):
    queue, ids = made
    queue.favour(ids[1], "ada", True)
    assert ids_of(queue.list("ada", favourites=True)) == [ids[1]]
    assert queue.get(ids[1]).favourite
    queue.favour(ids[1], "ada", False)
    assert queue.list("ada", favourites=True) == []


def test_a_deleted_clip_is_gone_for_all_and_can_be_brought_back_for_a_while(made, tmp_path):
    queue, ids = made
    queue.delete(ids[0], "ada")
    assert ids_of(queue.list("ada")) == ids[:0:-1]
    with pytest.raises(UnknownJob, match="was deleted"):
        queue.file(ids[0], CLIP)
    hands(queue, tmp_path).tend()
    queue.restore(ids[0], "ada")
    assert ids_of(queue.list("ada")) == ids[::-1]
    assert queue.file(ids[0], CLIP).is_file()
    queue.delete(ids[0], "ada")
    backdate(queue, ids[0], "deleted", caretaker.UNDO_S + 1)
    hands(queue, tmp_path).tend()
    assert not (tmp_path / "jobs" / ids[0]).exists()
    with pytest.raises(UnknownJob):
        queue.restore(ids[0], "ada")
    assert ids_of(queue.list("ada")) == ids[:0:-1]


def test_clips_go_by_age_only_where_it_is_set_and_favourites_never(made, tmp_path):
    queue, ids = made
    queue.favour(ids[0], "ada", True)
    for job_id in ids[:2]:
        backdate(queue, job_id, "ended", 3 * caretaker.DAY_S)
    hands(queue, tmp_path).tend()
    assert ids_of(queue.list("ada")) == ids[::-1]
    hands(queue, tmp_path, keep_days=2).tend()
    assert ids_of(queue.list("ada")) == [ids[2], ids[0]]
    assert not (tmp_path / "jobs" / ids[1]).exists()


def test_nothing_goes_by_age_because_somebody_set_the_clock(made, tmp_path, monkeypatch):
    queue, ids = made
    keeper = hands(queue, tmp_path, keep_days=2)
    queue.delete(ids[0], "ada")
    real = time.time
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: real() + 365 * caretaker.DAY_S)
        keeper.tend()
    keeper.tend()
    queue.restore(ids[0], "ada")
    assert ids_of(queue.list("ada")) == ids[::-1]


def test_what_made_no_clip_is_forgotten_after_a_week(made, tmp_path, still, small):
    queue, ids = made
    failed = ended(queue, queue.submit(still, small.model_copy(update={"num_frames": 2}), "ada")).id
    with queue.engine.begin() as connection:
        connection.execute(jobs.update().where(jobs.c.id == failed).values(state="failed"))
    for job_id in (failed, ids[0]):
        backdate(queue, job_id, "ended", caretaker.FAILED_S + 1)
    hands(queue, tmp_path).tend()
    assert not (tmp_path / "jobs" / failed).exists()
    assert ids_of(queue.list("ada")) == ids[::-1]


def test_the_oldest_clips_go_where_there_are_too_many_and_favourites_never(made, tmp_path):
    queue, ids = made
    queue.favour(ids[0], "ada", True)
    size = queue.file(ids[2], CLIP).stat().st_size
    hands(queue, tmp_path, keep_gb=1.5 * size / 1e9).tend()
    assert ids_of(queue.list("ada")) == [ids[2], ids[0]]


def test_a_sweep_removes_what_belongs_to_nothing_and_nothing_else(made, tmp_path, monkeypatch):
    queue, ids = made
    store = tmp_path / "jobs"
    before = {path.relative_to(store) for path in store.rglob("*")}
    (store / new_id()).mkdir()
    lost = tmp_path / "scratch" / f"{ids[0]}-0123"
    lost.mkdir(parents=True)
    (lost / "clip.mp4.partial").write_bytes(b"half")
    (store / "notes of somebody").mkdir()
    cancelled = queue.submit(queue.file(ids[0], STILL), queue.get(ids[0]).request, "ada")
    ended(queue, cancelled)
    with queue.engine.begin() as connection:
        connection.execute(jobs.update().where(jobs.c.id == cancelled).values(state="cancelled"))
    hands(queue, tmp_path).sweep()
    assert len(list(store.iterdir())) == 3 + 1 + 1 + 1 + 1
    assert lost.exists()
    monkeypatch.setattr(sweep, "ARRIVING_S", 0.0)
    monkeypatch.setattr(scratch, "YOUNG_S", 0.0)
    hands(queue, tmp_path).sweep()
    assert not lost.exists()
    after = {path.relative_to(store) for path in store.rglob("*") if ".unknown" not in path.parts}
    names = {str(path) for path in after - before}
    expected = {"still", "checkpoint.safetensors"}
    assert names == {"notes of somebody", cancelled, *(f"{cancelled}/{name}" for name in expected)}
    assert before <= after


def test_no_job_is_taken_where_the_disk_would_be_full(fake, still, small):
    queue = fake(free_gb=10**6)
    with pytest.raises(ClipError, match="The disk is almost full"):
        queue.submit(still, small)
    assert "almost full" in queue.health().sentences[0]
    assert [path for path in (queue._settings.data / "jobs").iterdir() if path.is_dir()] == []


def test_frames_are_made_again_without_being_drawn_again(fake, still, small):
    queue = fake(Speed(step_s=0.1))
    request = small.model_copy(update={"num_inference_steps": 20})
    first = ended(queue, queue.submit(still, request, "ada"))
    assert first.has_sampling
    again = queue.decode_again(first.id, first.request.model_copy(update={"playback_fps": 12.0}), "ada")
    looks = list(queue.watch(again))
    assert looks[-1].state == "done"
    assert looks[-1].facts["fps"] == 12.0
    assert not [job for job in looks if job.stage == "sampling"]


def test_sampling_outlives_memory_that_ran_out_in_decode(fake, still, small):
    queue = fake(Speed(step_s=0.05, largest_chunk=2))
    request = small.model_copy(update={"num_inference_steps": 20, "decode_chunk_size": 6})
    looks = list(queue.watch(queue.submit(still, request)))
    assert looks[-1].state == "done"
    sampled = [job.step for job in looks if job.stage == "sampling"]
    assert sampled == sorted(sampled)
    with queue.engine.connect() as connection:
        assert connection.execute(sa.select(jobs.c.decode_chunk)).scalar() in (1, 2)
