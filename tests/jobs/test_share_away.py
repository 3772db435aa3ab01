"""A share that is away while clips are made: runs go on, and what they made is stored when it is back."""

from __future__ import annotations

import errno
import time

import pytest

from benchmarks.jobs_figures.fake_model import Speed
from jobs import files
from jobs.job import CLIP, POSTER
from jobs.scratch import Scratch
from media.probe import probe_clip
from tests.jobs.watching import ended, holds_within, until

ABSENCE_S = 2.5
"""Seconds: longer than a worker waits between two tries."""


@pytest.fixture
def share(tmp_path):
    """Takes the store away and brings it back."""

    class Share:
        def leave(self):
            (tmp_path / "jobs").rename(tmp_path / "away")

        def come_back(self):
            (tmp_path / "away").rename(tmp_path / "jobs")

    return Share()


@pytest.mark.parametrize("stage", ["load", "sampling", "decode"])
def test_a_run_goes_on_without_its_share(fake, still, small, share, stage):
    queue = fake(Speed(load_s=0.5, step_s=0.05, chunk_s=0.3), checkpoint_every=2)
    request = small.model_copy(update={"num_inference_steps": 20})
    job_id = queue.submit(still, request)
    until(queue, job_id, lambda job: job.stage == stage and (stage != "sampling" or job.step >= 4))
    share.leave()
    assert holds_within(60, lambda: queue.get(job_id).stage == "decode" and queue.get(job_id).share > 0.9)
    time.sleep(ABSENCE_S)
    share.come_back()
    job = ended(queue, job_id)
    assert (job.state, job.sentence) == ("done", "")
    assert probe_clip(queue.file(job_id, CLIP)).num_frames == 6
    assert queue.file(job_id, POSTER).is_file()


def test_a_clip_reaches_a_store_on_another_disk_whole(tmp_path, monkeypatch):
    def other_disk(source, path):
        if source.parent != path.parent:
            raise OSError(errno.EXDEV, "another disk")
        real(source, path)

    real = files.move_whole
    monkeypatch.setattr(files, "move_whole", other_disk)
    source, path = tmp_path / "here" / "clip", tmp_path / "there" / "clip"
    for each in (source, path):
        each.parent.mkdir()
    source.write_bytes(b"a clip")
    files.bring_whole(source, path)
    assert path.read_bytes() == b"a clip"
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == ["clip"]


def test_a_job_that_is_taken_while_leases_are_read_keeps_its_files(tmp_path, monkeypatch):
    monkeypatch.setattr("jobs.scratch.YOUNG_S", -1.0)
    scratch, job_id = Scratch(tmp_path), "0" * 32
    leases = {job_id: "old"}
    scratch.make(job_id, "older")

    def lease_of(wanted):
        # just now another worker takes the job
        leases[job_id] = "new"
        scratch.make(job_id, "new")
        return leases[wanted]

    scratch.sweep(lease_of)
    assert [folder.name for folder in tmp_path.iterdir()] == [f"{job_id}-new"]


def test_a_young_folder_is_left_alone(tmp_path):
    scratch = Scratch(tmp_path)
    folder = scratch.make("0" * 32, "unheard")
    scratch.sweep(lambda _: "")
    assert folder.is_dir()
