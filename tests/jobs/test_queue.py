"""The contract of the queue, with the real worker and the built-in model."""

from __future__ import annotations

import io
import json
import time

import pytest
from PIL import Image

from jobs.job import CLIP, PREVIEW, STILL
from media.probe import probe_clip
from media.recipe import read_recipe
from pipelines.errors import NotYours, StillError, UnknownJob
from tests.jobs.watching import ended, in_threads

STAGES = ["load", "encode", "sampling", "decode"]

NOT_IDS = [
    *["", ".", "..", "../" + "0" * 29, "/etc/passwd", "0" * 31, "0" * 33, "A" * 32, "é" * 32, "0" * 32 + "\n"],
    *["x" * 32, "0" * 100_000, "a\0" * 16, "..%2f..%2f" + "0" * 22, "0" * 16 + "/" + "0" * 15, None, 3, ["0" * 32], {}],
]


@pytest.fixture(scope="module")
def made(queue, still):
    """All looks at one job, with the preview as it was at each look."""
    from pipelines.request import MotionRequest

    request = MotionRequest(width=256, height=128, num_frames=6, num_inference_steps=100)
    job_id = queue.submit(still, request, "grace")
    looks, previews = [], []
    for job in queue.watch(job_id):
        looks.append(job)
        if job.previews:
            previews.append(queue.file(job_id, PREVIEW).read_bytes())
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
    _, previews = made
    assert previews
    for content in previews:
        with Image.open(io.BytesIO(content)) as picture:
            # frames that are alike are stored once
            assert (picture.format, picture.size) == ("WEBP", (256, 128)) and 2 <= picture.n_frames <= 8


def test_its_clip_is_what_was_asked_for_and_carries_the_recipe(queue, made):
    job = made[0][-1]
    path = queue.file(job.id, CLIP)
    facts = probe_clip(path)
    assert (facts.width, facts.height, facts.num_frames, facts.fps) == (256, 128, 6, 7)
    assert job.facts == {"width": 256, "height": 128, "num_frames": 6, "fps": 7.0, "seconds": 0.857}
    assert job.request.seed >= 0
    assert read_recipe(path)["request"] == job.request.model_dump()
    assert job.seconds > 0


def test_its_clip_says_nothing_about_the_camera_or_the_upload(queue, made, still):
    clip = queue.file(made[0][-1].id, CLIP).read_bytes()
    assert b"CameraOfSomebody" in still.read_bytes()
    for secret in (b"CameraOfSomebody", still.name.encode(), b"holiday", str(still.parent).encode()):
        assert secret not in clip


def test_nothing_is_left_beside_the_finished_clip(queue, made):
    names = {path.name for path in queue.file(made[0][-1].id, CLIP).parent.iterdir()}
    assert names == {"still", "preview.webp", "poster.jpg", "clip.mp4"}


def test_what_is_shown_of_a_job_does_not_say_whose_it_is(made):
    shown = json.loads(made[0][-1].to_json())
    assert shown["state"] == "done"
    assert "grace" not in made[0][-1].to_json()


def test_the_time_that_a_clip_takes_is_learned(queue, made):
    job = made[0][-1]
    request, estimate = job.request, queue.estimate(job.request)
    assert 0 < estimate <= job.seconds
    assert queue.estimate(request.model_copy(update={"width": 512})) == pytest.approx(2 * estimate)
    assert queue.estimate(request.model_copy(update={"model": "svd-xt"})) is None


def test_jobs_submitted_at_once_take_turns_and_each_ends_once(queue, still, small):
    def one(index):
        job_id = queue.submit(still, small.model_copy(update={"seed": index}))
        return list(queue.watch(job_id))

    told = in_threads(4, one)
    assert [looks[-1].state for looks in told] == ["done"] * 4
    assert all(sum(job.has_ended for job in looks) == 1 for looks in told)
    assert [looks[-1].request.seed for looks in told] == list(range(4))
    assert len({queue.file(looks[-1].id, CLIP).read_bytes() for looks in told}) == 4


def test_the_same_seed_gives_the_same_clip(queue, still, small):
    seeded = small.model_copy(update={"seed": 7})
    one, two = (ended(queue, queue.submit(still, seeded)) for _ in range(2))
    assert queue.file(one.id, CLIP).read_bytes() == queue.file(two.id, CLIP).read_bytes()


def test_the_upload_may_go_once_it_is_submitted(queue, still, small, tmp_path):
    upload = tmp_path / "upload.jpg"
    upload.write_bytes(still.read_bytes())
    first, second = queue.submit(still, small), queue.submit(upload, small)
    upload.write_text("something else")
    upload.unlink()
    assert ended(queue, second).state == ended(queue, first).state == "done"
    assert queue.file(second, STILL).read_bytes() == still.read_bytes()


def test_a_bad_still_fails_with_its_own_sentence_and_spares_the_worker(queue, still, small, tmp_path):
    ended(queue, queue.submit(still, small))
    worker = queue.worker_pids
    bad = tmp_path / "notes.png"
    bad.write_text("only words")
    job = ended(queue, queue.submit(bad, small))
    with pytest.raises(StillError) as expected:
        from media.stills import open_still

        open_still(bad.read_bytes())
    assert (job.state, job.sentence) == ("failed", str(expected.value))
    with pytest.raises(UnknownJob):
        queue.file(job.id, CLIP)
    assert ended(queue, queue.submit(still, small)).state == "done"
    assert queue.worker_pids == worker


def test_a_request_that_the_model_cannot_follow_fails_in_words(queue, still, small):
    job = ended(queue, queue.submit(still, small.model_copy(update={"model": "no-such-model"})))
    assert job.state == "failed"
    assert "no-such-model" in job.sentence and "pocket" in job.sentence


@pytest.mark.parametrize("text", NOT_IDS, ids=lambda text: repr(text)[:30])
def test_what_is_no_id_names_no_job_and_no_file(queue, text):
    for ask in (queue.get, lambda text: next(queue.watch(text)), queue.cancel, lambda text: queue.file(text, STILL)):
        with pytest.raises(UnknownJob, match="There is no such clip here"):
            ask(text)


def test_an_unknown_job_is_named_as_such(queue):
    with pytest.raises(UnknownJob, match="There is no such clip"):
        queue.get("0" * 32)
    with pytest.raises(UnknownJob):
        queue.cancel("0" * 32)


def test_somebody_else_may_look_and_not_touch(queue, made):
    job = made[0][-1]
    assert queue.get(job.id) == job
    touches = [
        lambda: queue.cancel(job.id, "eve"),
        lambda: queue.delete(job.id, "eve"),
        lambda: queue.restore(job.id, "eve"),
        lambda: queue.favour(job.id, "eve", True),
        lambda: queue.decode_again(job.id, job.request, "eve"),
    ]
    for touch in touches:
        with pytest.raises(NotYours, match="started by somebody else"):
            touch()
    assert queue.get(job.id) == job
    assert [each.id for each in queue.list("grace")] == [job.id]
    assert job.id not in [each.id for each in queue.list("eve")]


def test_a_picture_that_is_none_is_not_taken(queue, small, tmp_path):
    for path in (tmp_path / "nothing.png", tmp_path):
        with pytest.raises(StillError, match="no such picture"):
            queue.submit(path, small)


def test_submitting_waits_for_nobody(queue, still, small):
    begun = time.monotonic()
    ids = [queue.submit(still, small.model_copy(update={"num_inference_steps": 100})) for _ in range(5)]
    assert time.monotonic() - begun < 5
    for job_id in reversed(ids):
        queue.cancel(job_id)
    assert {ended(queue, job_id).state for job_id in ids} <= {"cancelled", "done"}
