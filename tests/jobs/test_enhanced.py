"""Jobs whose frames are made more, or larger, by the helpers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from types import SimpleNamespace

import numpy as np
import pytest

from jobs import make_clip as room
from jobs.job import CLIP, share_done
from jobs.make_clip import Order, make_clip
from jobs.recipe import request_of_recipe
from media.recipe import read_recipe
from pipelines.contract import FrameChunk
from pipelines.errors import Cancelled
from pipelines.request import MotionRequest
from tests.jobs.watching import ended, until


def probed(path):
    """What ffprobe counts: width, height, frames, and frames per second."""
    asked = "stream=width,height,nb_read_frames,r_frame_rate"
    command = ["ffprobe", "-v", "error", "-count_frames", "-show_entries", asked, "-of", "json", str(path)]
    [stream] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["streams"]
    return stream["width"], stream["height"], int(stream["nb_read_frames"]), stream["r_frame_rate"]


def test_the_clip_has_the_promised_frames_size_and_rate_and_its_recipe_asks_for_them_again(queue, still, small):
    helped = {"interpolation": 2, "upscaling": 2, "playback_fps": 23.976}
    wanted = small.model_copy(update={**helped, "width": 128, "height": 64, "seed": 4})
    job_id = queue.submit(still, wanted)
    looks = list(queue.watch(job_id))
    assert (looks[-1].state, looks[-1].sentence) == ("done", "")
    assert looks[-1].facts["num_frames"] == wanted.clip_frames == 11
    clip = queue.file(job_id, CLIP)
    assert probed(clip) == (256, 128, 11, "48000/1001")
    recipe = read_recipe(clip)
    assert request_of_recipe(recipe) == wanted
    assert {name: len(sha256) for name, sha256 in recipe["helpers"].items()} == dict.fromkeys(
        ("rife-3.8", "realesr-animevideov3"), 64
    )
    assert "enhance" in {look.stage for look in looks}


def test_the_bar_never_goes_back_while_the_model_and_the_helpers_work_by_turns(still, small, tmp_path):
    wanted = small.model_copy(update={"interpolation": 2, "num_frames": 10, "seed": 4})
    events = []
    make_clip(Order(still, wanted, tmp_path / "clip.mp4"), events.append)
    shares = [share_done(wanted, event.stage, event.step, event.total) for event in events]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert (events[-1].stage, events[-1].step, events[-1].total) == ("enhance", 19, 19)


def test_stop_is_obeyed_while_frames_are_enhanced_and_leaves_no_clip(queue, still, small):
    worker = queue.worker_pids
    wanted = small.model_copy(update={"interpolation": 4, "upscaling": 4, "num_frames": 40})
    job_id = queue.submit(still, wanted)
    until(queue, job_id, lambda job: job.stage == "enhance" and job.step >= 1)
    queue.cancel(job_id)
    stopped = ended(queue, job_id)
    assert stopped.state == "cancelled"
    assert stopped.step < stopped.total == 157
    assert queue.worker_pids == worker


def test_a_run_that_ends_among_the_helpers_lets_the_model_clean_up(monkeypatch, still, small, tmp_path):
    left = []

    def animate(framed, request, on_step, resume):
        try:
            for start in range(request.num_frames):
                yield FrameChunk(start, np.stack([framed]))
        finally:
            left.append(start)

    def stop(event):
        if event.stage == "enhance" and event.step == 3:
            raise Cancelled

    monkeypatch.setattr(room, "warm", lambda model: SimpleNamespace(animate=animate))
    with pytest.raises(Cancelled) as caught:
        make_clip(Order(still, small.model_copy(update={"interpolation": 2, "seed": 1}), tmp_path / "clip.mp4"), stop)
    # while the traceback is still held
    assert (left, caught.type) == ([1], Cancelled)


def test_sampling_that_was_kept_is_used_again_for_more_frames(queue, still, tiny_svd):
    plain = MotionRequest(
        model=str(tiny_svd), width=128, height=128, num_frames=4, num_inference_steps=4, decode_chunk_size=3, fit="pad"
    )
    first = ended(queue, queue.submit(still, plain))
    assert (first.state, first.has_sampling) == ("done", True)
    smoother = first.request.model_copy(update={"interpolation": 4})
    again = list(queue.watch(queue.decode_again(first.id, smoother, "")))
    assert (again[-1].state, again[-1].facts["num_frames"]) == ("done", 13)
    assert not [job for job in again if job.stage == "sampling"]


def test_settings_from_before_there_were_helpers_ask_for_none():
    old = MotionRequest(seed=3).model_dump(exclude={"interpolation", "upscaling"})
    assert request_of_recipe({"request": old}) == MotionRequest(seed=3)


def test_a_worker_that_dies_among_the_helpers_costs_no_sampling(queue, still, tiny_svd):
    wanted = MotionRequest(
        model=str(tiny_svd), width=128, height=128, num_frames=6, num_inference_steps=4, fit="pad", upscaling=4
    )
    job_id = queue.submit(still, wanted)
    until(queue, job_id, lambda job: job.stage == "enhance" and job.step >= 1)
    os.kill(queue.worker_pids[0], signal.SIGKILL)
    looks = list(queue.watch(job_id))
    assert looks[-1].state == "done"
    begun = next(index for index, job in enumerate(looks) if job.stage == "load")
    assert not [job for job in looks[begun:] if job.stage == "sampling"]
    assert probed(queue.file(job_id, CLIP))[:3] == (512, 512, 6)
