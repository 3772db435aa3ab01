"""The contract of the queue, with the real worker and the built-in model."""

from __future__ import annotations

import io
import json
import os
import time
from pathlib import Path

import pytest
from PIL import Image

from jobs.queue import LocalQueue
from media.probe import probe_clip
from media.recipe import read_recipe
from pipelines.errors import InputError, StillError
from tests.jobs.watching import ended, in_threads, until

STAGES = ["load", "encode", "sampling", "decode"]


@pytest.fixture(scope="module")
def made(queue, still):
    """All looks at one job, with the preview as it was at each look."""
    from pipelines.request import MotionRequest

    request = MotionRequest(width=256, height=128, num_frames=6, num_inference_steps=6)
    job_id = queue.submit(still, request)
    looks, previews = [], []
    for job in queue.watch(job_id):
        looks.append(job)
        if job.previews:
            previews.append(queue.folder(job_id).preview.read_bytes())
    return looks, previews


def test_a_job_runs_through_its_states_and_steps_in_order(made):
    looks, _ = made
    states = [job.state for job in looks]
    assert states[-1] == "done" and states.count("done") == 1
    assert states == sorted(states, key=["queued", "running", "done"].index)
    places = [(STAGES.index(job.stage), job.step) for job in looks if job.stage]
    assert places == sorted(places)
    assert places[-1] == (3, 6)
    assert all(job.step <= job.total for job in looks)


def test_its_previews_are_whole_moving_pictures(made):
    looks, previews = made
    assert looks[-1].previews == 2
    for content in previews:
        with Image.open(io.BytesIO(content)) as picture:
            assert (picture.format, picture.size, picture.n_frames) == ("WEBP", (256, 128), 8)


def test_its_clip_is_what_was_asked_for_and_carries_the_recipe(queue, made):
    job = made[0][-1]
    path = queue.folder(job.id).clip
    facts = probe_clip(path)
    assert (facts.width, facts.height, facts.num_frames, facts.fps) == (256, 128, 6, 7)
    assert job.facts == {"width": 256, "height": 128, "num_frames": 6, "fps": 7.0, "seconds": 0.857}
    assert job.request.seed >= 0
    assert read_recipe(path)["request"] == job.request.model_dump()
    assert 0 < job.seconds < 60


def test_its_clip_says_nothing_about_the_camera_or_the_upload(queue, made, still):
    clip = queue.folder(made[0][-1].id).clip.read_bytes()
    assert b"CameraOfSomebody" in still.read_bytes()
    for secret in (b"CameraOfSomebody", still.name.encode(), b"holiday", str(still.parent).encode()):
        assert secret not in clip


def test_nothing_is_left_beside_the_finished_clip(queue, made):
    names = {path.name for path in queue.folder(made[0][-1].id).path.iterdir()}
    assert names == {"still", "preview.webp", "clip.mp4", "job.json"}


def test_an_ended_job_is_kept_on_disk_and_not_in_memory(queue, made):
    job = made[0][-1]
    assert queue._table._under_way.get(job.id) is None
    assert queue.get(job.id) == job
    assert list(queue.watch(job.id)) == [job]
    assert json.loads(job.to_json()) == json.loads(queue.folder(job.id).record.read_text())


def test_the_time_that_a_clip_takes_is_learned_and_outlives_the_queue(queue, made, tmp_path):
    request = made[0][-1].request
    estimate = queue.estimate(request)
    assert 0 < estimate < 30
    assert queue.estimate(request.model_copy(update={"width": 512})) == pytest.approx(2 * estimate)
    assert queue.estimate(request.model_copy(update={"model": "svd-xt"})) is None
    (tmp_path / "pace.json").write_bytes((queue._table._root.parent / "pace.json").read_bytes())
    other = LocalQueue(tmp_path)
    assert other.estimate(request) == pytest.approx(estimate)
    other.close()


def test_a_second_run_says_how_long_it_will_take(queue, made, still, small):
    looks = list(queue.watch(queue.submit(still, small)))
    remaining = [job.remaining_s for job in looks if job.stage]
    assert remaining and all(seconds is not None for seconds in remaining[:-1])
    assert looks[-1].remaining_s is None


def test_jobs_submitted_at_once_take_turns_and_each_ends_once(queue, still, small):
    def one(index):
        job_id = queue.submit(still, small.model_copy(update={"seed": index}))
        return list(queue.watch(job_id))

    told = in_threads(4, one)
    assert [looks[-1].state for looks in told] == ["done"] * 4
    assert all(sum(job.has_ended for job in looks) == 1 for looks in told)
    assert [looks[-1].request.seed for looks in told] == list(range(4))
    assert len({queue.folder(looks[-1].id).clip.read_bytes() for looks in told}) == 4
    assert queue._table._under_way == {}


def test_waiting_jobs_know_their_place_and_move_up(queue, still, slow, small):
    first = queue.submit(still, slow)
    until(queue, first, lambda job: job.state == "running")
    others = [queue.submit(still, small) for _ in range(3)]
    assert [queue.get(job_id).position for job_id in others] == [1, 2, 3]
    queue.cancel(others[0])
    assert [queue.get(job_id).position for job_id in others] == [None, 1, 2]
    assert queue.get(first).position is None
    queue.cancel(first)
    looks = list(queue.watch(others[2]))
    places = [job.position for job in looks if job.state == "queued"]
    assert places == sorted(places, reverse=True)
    assert [ended(queue, job_id).state for job_id in others] == ["cancelled", "done", "done"]


def test_several_may_watch_and_one_may_leave(queue, still, small):
    job_id = queue.submit(still, small)
    next(queue.watch(job_id))
    ends = in_threads(4, lambda index: ended(queue, job_id))
    assert len(set(map(repr, ends))) == 1
    assert ends[0].state == "done"


def test_the_same_seed_gives_the_same_clip(queue, still, small):
    seeded = small.model_copy(update={"seed": 7})
    one, two = (ended(queue, queue.submit(still, seeded)) for _ in range(2))
    assert queue.folder(one.id).clip.read_bytes() == queue.folder(two.id).clip.read_bytes()


def test_the_upload_may_go_once_it_is_submitted(queue, still, small, tmp_path):
    upload = tmp_path / "upload.jpg"
    upload.write_bytes(still.read_bytes())
    first, second = queue.submit(still, small), queue.submit(upload, small)
    upload.write_text("something else")
    upload.unlink()
    assert ended(queue, second).state == ended(queue, first).state == "done"
    assert queue.folder(second).still.read_bytes() == still.read_bytes()


def test_a_bad_still_fails_with_its_own_sentence_and_spares_the_worker(queue, still, small, tmp_path):
    ended(queue, queue.submit(still, small))
    worker = queue.worker_pid
    bad = tmp_path / "notes.png"
    bad.write_text("only words")
    job = ended(queue, queue.submit(bad, small))
    with pytest.raises(StillError) as expected:
        from media.stills import open_still

        open_still(bad.read_bytes())
    assert (job.state, job.sentence) == ("failed", str(expected.value))
    assert not queue.folder(job.id).clip.exists()
    assert ended(queue, queue.submit(still, small)).state == "done"
    assert queue.worker_pid == worker


def test_a_request_that_the_model_cannot_follow_fails_in_words(queue, still, slow):
    job = ended(queue, queue.submit(still, slow.model_copy(update={"model": "no-such-model"})))
    assert job.state == "failed"
    assert "no-such-model" in job.sentence and "pocket" in job.sentence


def test_two_queues_in_one_folder_do_not_collide(queue, still, small, tmp_path, monkeypatch):
    # started where a file of the same name as our package lies, and with a relative path
    (tmp_path / "jobs.py").write_text("raise SystemExit('the wrong jobs')")
    monkeypatch.chdir(tmp_path)
    other = LocalQueue(Path(os.path.relpath(queue._table._root.parent)))
    jobs = [(each, each.submit(still, small)) for each in (queue, other)]
    assert [ended(each, job_id).state for each, job_id in jobs] == ["done"] * 2
    assert queue.worker_pid != other.worker_pid
    assert other.get(jobs[0][1]) == queue.get(jobs[0][1])
    other.close()


def test_an_unknown_job_is_named_as_such(queue):
    with pytest.raises(InputError, match="There is no such clip"):
        queue.get("0" * 32)
    with pytest.raises(InputError):
        next(queue.watch("0" * 32))
    with pytest.raises(InputError):
        queue.cancel("0" * 32)


def test_submitting_waits_for_nobody(queue, still, slow):
    running = queue.submit(still, slow)
    begun = time.monotonic()
    waiting = queue.submit(still, slow)
    assert time.monotonic() - begun < 1
    queue.cancel(waiting)
    queue.cancel(running)
    assert ended(queue, running).state == "cancelled"
