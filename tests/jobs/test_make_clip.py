"""What the worker and the command line share, where it fails."""

from __future__ import annotations

import subprocess
import sys
import weakref
from types import SimpleNamespace

import pytest

from jobs import make_clip as room
from jobs.make_clip import Order, make_clip
from pipelines.errors import ClipError, ModelError, OutOfMemory


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
        def animate(still, request, on_step, resume):
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
