"""While somebody looks at the sliders, the worker looks at their still."""

from __future__ import annotations

import pytest

from jobs.beats import all_signs
from jobs.glance import Glance
from pipelines.request import MotionRequest
from tests.jobs.watching import ended, holds_within


@pytest.fixture
def looks(tmp_path, trace):
    """The sizes of the stills that were looked at before anybody asked for a clip."""
    file = tmp_path / "trace"

    def sizes():
        lines = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
        return [size for _, _, _, size, what in lines if what == "look"]

    return sizes


def states(queue):
    return [sign.state for sign in all_signs(queue.engine)]


def test_a_still_is_looked_at_as_it_will_be_framed(fake, still, small, looks):
    queue = fake()
    queue.expect(Glance(still, small))
    assert holds_within(60, lambda: looks() == [f"{small.width}x{small.height}"])


def test_a_worker_that_sleeps_wakes_and_looks(fake, still, small, looks):
    queue = fake(idle_unload_s=0.1)
    assert holds_within(60, lambda: states(queue) == ["asleep"] and queue.worker_pids == [])
    queue.expect(Glance(still, small))
    assert holds_within(60, looks)


def test_what_cannot_be_looked_at_harms_nobody(fake, still, small, looks, tmp_path):
    queue = fake()
    queue.expect(Glance(tmp_path / "gone.jpg", small))
    # far more than a pipe holds, and longer than a line may be
    for _ in range(500):
        queue.expect(Glance(still, small))
    queue.expect(Glance(tmp_path / ("long" * 2000), small))
    assert ended(queue, queue.submit(still, small)).state == "done"


def test_a_model_that_needs_no_look_is_not_bothered(fake, still, small, looks):
    queue = fake()
    queue.expect(Glance(still, MotionRequest(**small.model_dump() | {"model": "svd"})))
    assert ended(queue, queue.submit(still, small)).state == "done"
    assert looks() == []
