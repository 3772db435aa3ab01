"""What the worker and the command line share, where it fails."""

from __future__ import annotations

import subprocess
import sys
import weakref
from types import SimpleNamespace

import pytest

from jobs import make_clip as room
from jobs.job import JobFolder
from jobs.make_clip import Order, make_clip
from jobs.worker import Worker, _outcome, _Watcher
from pipelines.contract import StepEvent
from pipelines.errors import BadFrames, Cancelled, ClipError, ModelError, OutOfMemory


@pytest.fixture(autouse=True)
def cold():
    """No test finds a model that another one has loaded."""
    room.warm.cache_clear()
    yield
    room.warm.cache_clear()


@pytest.fixture
def failing(monkeypatch):
    """Makes the model fail with an error, in its first chunk."""

    def use(error):
        def animate(still, request, on_step):
            raise error
            yield

        monkeypatch.setattr(room.pipelines, "load", lambda model: SimpleNamespace(animate=animate))

    return use


def test_the_last_model_goes_before_the_next_one_is_loaded(monkeypatch):
    alive = []

    class Loaded:
        def __init__(self, model):
            alive.append([ref().model for ref in refs if ref()])
            # as large libraries do, it holds on to itself
            self.model, self.itself = model, self
            refs.append(weakref.ref(self))

    refs = []
    monkeypatch.setattr(room.pipelines, "load", Loaded)
    assert [room.warm(model).model for model in ("a", "a", "b", "a")] == ["a", "a", "b", "a"]
    assert alive == [[], [], []]


@pytest.mark.parametrize(
    "error",
    [MemoryError(), RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9")],
)
def test_too_little_memory_is_named(failing, still, small, tmp_path, error):
    failing(error)
    with pytest.raises(OutOfMemory, match="Not enough memory for 6 frames at 256x128"):
        make_clip(Order(still, small, tmp_path / "clip.mp4"))
    assert list(tmp_path.iterdir()) == []


def test_a_missing_package_is_named(failing, still, small, tmp_path):
    failing(ImportError("No module named 'torch'", name="torch"))
    with pytest.raises(ModelError, match="needs torch, which cannot be imported"):
        make_clip(Order(still, small, tmp_path / "clip.mp4"))


def test_any_other_error_of_the_model_is_named_by_the_clip(failing, still, small, tmp_path):
    failing(RuntimeError("CUDA error: an illegal memory access was encountered"))
    with pytest.raises(ClipError, match="RuntimeError"):
        make_clip(Order(still, small, tmp_path / "clip.mp4"))


def test_a_place_that_cannot_be_written_to_answers_without_torch(still):
    program = f"""
import sys
from pathlib import Path
from jobs.make_clip import Order, make_clip
from pipelines.errors import ClipError
from pipelines.request import MotionRequest
try:
    make_clip(Order(Path({str(still)!r}), MotionRequest(seed=1), Path("no such folder", "clip.mp4")))
except ClipError as error:
    print(error)
assert "torch" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "cannot be written to" in done.stdout


class Told:
    """A worker that has nobody to tell."""

    def __init__(self):
        self.cancelled, self.events = "", []

    def say(self, event):
        self.events.append(event)


@pytest.fixture
def watcher(still, tmp_path):
    folder = JobFolder(tmp_path / "job")
    folder.path.mkdir()
    folder.still.write_bytes(still.read_bytes())
    return _Watcher(Told(), "this one", folder)


@pytest.mark.parametrize(
    ("error", "is_spent"),
    [(ModelError("No weights."), False), (BadFrames("Not finite."), True), (MemoryError(), True), (KeyError(), True)],
)
def test_a_worker_is_spent_unless_the_failure_was_harmless(failing, watcher, small, error, is_spent):
    failing(error)
    outcome = _outcome(watcher, small)
    assert (outcome["event"], outcome["is_spent"]) == ("failed", is_spent)
    assert outcome["sentence"]


def test_what_nobody_has_thought_of_ends_the_job_too(monkeypatch, watcher, small):
    monkeypatch.setattr("jobs.worker.make_clip", lambda order, on_step: 1 / 0)
    outcome = _outcome(watcher, small)
    assert outcome["is_spent"] and "Something unexpected" in outcome["sentence"]


def test_a_job_stops_at_its_next_step_and_no_other_does(watcher):
    watcher.worker.cancelled = "another one"
    watcher(StepEvent("load", 0, 1))
    watcher.worker.cancelled = "this one"
    with pytest.raises(Cancelled):
        watcher(StepEvent("load", 1, 1))
    assert len(watcher.worker.events) == 1


def test_a_preview_that_cannot_be_stored_does_not_cost_the_clip(watcher):
    import numpy as np

    watcher.folder.still.unlink()
    watcher.folder.path.rmdir()
    watcher(StepEvent("sampling", 1, 2, np.zeros((2, 8, 8, 3), np.uint8)))
    assert watcher.worker.events[0]["previews"] == 0


def test_the_worker_ends_with_its_server_even_in_the_middle_of_a_line(monkeypatch):
    import io

    ends = []
    monkeypatch.setattr("jobs.worker.os._exit", ends.append)
    for orders in ("", '{"cancel": "x"}\n{"job": "half of a li'):
        worker = Worker(io.StringIO(orders), io.StringIO())
        try:
            worker._listen()
        except ValueError:
            assert orders
    assert ends == [0, 0]
