"""Stable Video Diffusion killed in mid-sampling goes on from its checkpoint, and its frames are made again from it."""

from __future__ import annotations

import os
import signal

import pytest

from jobs.job import CLIP
from pipelines.request import MotionRequest
from tests.jobs.watching import ended, until


@pytest.fixture
def request_(tiny_svd):
    """A request whose sampling takes seconds."""
    return MotionRequest(
        model=str(tiny_svd), width=128, height=128, num_frames=6, num_inference_steps=24, decode_chunk_size=3, fit="pad"
    )


def test_a_killed_run_goes_on_to_the_very_same_clip_and_can_be_decoded_again(queue, still, request_):
    seeded = request_.model_copy(update={"seed": 9})
    undisturbed = ended(queue, queue.submit(still, seeded))
    assert (undisturbed.state, undisturbed.sentence) == ("done", "")
    job_id = queue.submit(still, seeded)
    until(queue, job_id, lambda job: job.stage == "sampling" and job.step >= 7)
    os.kill(queue.worker_pids[0], signal.SIGKILL)
    looks = list(queue.watch(job_id))
    assert looks[-1].state == "done"
    begun = next(index for index, job in enumerate(looks) if job.stage == "load" and index)
    assert min(job.step for job in looks[begun:] if job.stage == "sampling") > 5
    assert queue.file(job_id, CLIP).read_bytes() == queue.file(undisturbed.id, CLIP).read_bytes()
    again = list(queue.watch(queue.decode_again(job_id, seeded.model_copy(update={"decode_chunk_size": 1}), "")))
    assert again[-1].state == "done"
    assert not [job for job in again if job.stage == "sampling"]
