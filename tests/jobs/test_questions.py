"""What the page asks of the worker about a still is answered: also while it makes a clip, sleeps or has died."""

from __future__ import annotations

import os
import signal
import threading
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from jobs.beats import all_signs
from jobs.sketches import sketch_of
from jobs.taps import MOST_TAPS, look_for_taps, outline_under
from pipelines.direction import Region, direction_of
from pipelines.errors import RequestError, StillError
from pipelines.models.asking import request_for
from pipelines.outlines import filled
from tests.jobs.watching import ended, holds_within, until

HERON = Path(__file__).parents[2] / "assets" / "stills" / "heron.jpg"

BIRD, LEAVES = (0.5, 0.5), (0.2, 0.8)
"""Places of the heron's picture."""


def test_a_tap_becomes_the_outlines_of_a_region(queue):
    found = outline_under(queue, HERON, [(*BIRD, True)])
    assert Region(outlines=found["polygons"], do="breathe")
    mask = filled(found["polygons"], 100, 150)
    assert mask[50, 75] and not mask[80, 30]
    assert found["share"] == pytest.approx(mask.mean(), abs=0.01)
    assert found["share"] == pytest.approx(0.038, abs=0.01) and found["candidates"] > 1


def test_another_tap_at_the_same_place_takes_the_next_size_and_one_elsewhere_adds(queue):
    sizes = [outline_under(queue, HERON, [(*BIRD, True)] * taps)["share"] for taps in range(1, 5)]
    assert len(set(sizes)) > 1 and sizes[3] == sizes[0]
    both = outline_under(queue, HERON, [(*BIRD, True), (*LEAVES, True)])
    mask = filled(both["polygons"], 100, 150)
    assert mask[50, 75] and mask[78:82, 28:32].any()
    assert both["candidates"] == 1


def test_what_cannot_be_answered_is_one_sentence(queue, tmp_path):
    damaged = tmp_path / "damaged.jpg"
    damaged.write_bytes(HERON.read_bytes()[:1000])
    for still in (damaged, tmp_path / "gone.jpg"):
        with pytest.raises(StillError):
            look_for_taps(queue, still)
        with pytest.raises(StillError):
            outline_under(queue, still, [(*BIRD, True)])
    for taps in (
        [],
        [(*BIRD, False)],
        [(1.2, 0.5, True)],
        [(float("nan"), 0.5, True)],
        [(*BIRD, True)] * (MOST_TAPS + 1),
    ):
        with pytest.raises(RequestError):
            outline_under(queue, HERON, taps)


def test_a_worker_that_makes_a_clip_answers_and_so_does_the_one_after_it(fake, gate, still, small):
    queue = fake()
    gate.close_after("sampling", 1)
    job = queue.submit(still, small)
    until(queue, job, lambda each: each.state == "running")
    assert outline_under(queue, HERON, [(*BIRD, True)])["polygons"]
    assert queue.get(job).state == "running"
    answers = []
    asking = threading.Thread(target=lambda: answers.append(outline_under(queue, HERON, [(*BIRD, True)])))
    os.kill(queue.worker_pids[0], signal.SIGSTOP)
    asking.start()
    os.kill(queue.worker_pids[0], signal.SIGKILL)
    asking.join()
    assert answers and np.isclose(answers[0]["share"], 0.038, atol=0.01)
    gate.open()
    assert ended(queue, job).state == "done"


def test_a_worker_that_sleeps_wakes_and_stays_until_it_has_answered(fake):
    queue = fake(idle_unload_s=0.1)
    assert holds_within(60, lambda: [sign.state for sign in all_signs(queue.engine)] == ["asleep"])
    assert outline_under(queue, HERON, [(*BIRD, True)])["polygons"]


def test_what_was_said_is_sketched_and_what_moves_by_itself_is_named(queue):
    usual = request_for({"width": 320, "height": 192, "num_frames": 24})
    nothing = sketch_of(queue, HERON, usual)
    assert (nothing.found, nothing.webp) == (("plants",), b"")
    arrow = {"arrows": [{"path": [[200, 800], [500, 800]], "speed": 0.05}]}
    said = sketch_of(queue, HERON, usual.model_copy(update={"direction": direction_of(arrow)}))
    with Image.open(BytesIO(said.webp)) as webp:
        assert webp.n_frames > 4
    assert said.motion > 0


def test_a_take_of_the_sheet_moves_more_the_more_is_asked(queue):
    usual = request_for({"width": 320, "height": 192, "num_frames": 24, "seed": 4, "camera": "left"})
    amounts = [usual.model_copy(update={"motion_bucket_id": amount}) for amount in (30, 200)]
    calm, lively = (sketch_of(queue, HERON, request, is_whole=True) for request in amounts)
    assert lively.motion > 2 * calm.motion
    with pytest.raises(StillError):
        sketch_of(queue, HERON.with_name("gone.jpg"), usual)
