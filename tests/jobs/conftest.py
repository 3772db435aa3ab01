"""One queue with one real worker for all tests that leave it alive: a worker takes seconds to start."""

from __future__ import annotations

import pytest
from PIL import Image

from jobs.queue import LocalQueue
from jobs.runner import Runner
from pipelines.request import MotionRequest
from tests.media.pictures import exif, quarters
from tests.tiny_svd import make_tiny_svd


@pytest.fixture(scope="session")
def queue(tmp_path_factory):
    """A running queue with the built-in model warm."""
    queue = LocalQueue(tmp_path_factory.mktemp("studio"), "pocket")
    yield queue
    queue.close()


@pytest.fixture
def own_queue(tmp_path):
    """A queue that a test may break or close; its worker starts with its first job."""
    queue = LocalQueue(tmp_path / "studio")
    yield queue
    queue.close()


@pytest.fixture
def runner(tmp_path):
    """A runner whose worker a test chooses; see `workers`."""
    from jobs.pace import Pace

    runner = Runner(Pace(tmp_path / "pace.json"))
    yield runner
    runner.close()


@pytest.fixture(scope="session")
def still(tmp_path_factory):
    """A JPEG of a camera that says where it was taken."""
    path = tmp_path_factory.mktemp("uploads") / "holiday at home.jpg"
    Image.fromarray(quarters(320, 240)).save(path, exif=exif(1))
    return path


@pytest.fixture(scope="session")
def tiny_svd(tmp_path_factory):
    """A folder with a small Stable Video Diffusion of 25 frames."""
    return make_tiny_svd(tmp_path_factory.mktemp("models") / "tiny", num_frames=25)


@pytest.fixture
def small():
    """A request that the built-in model answers in less than a second."""
    size = {"width": 256, "height": 128, "anchor_x": 0.5, "anchor_y": 0.5}
    return MotionRequest(model="pocket", num_frames=6, num_inference_steps=6, **size)


@pytest.fixture
def slow(tiny_svd):
    """A request of 20 seconds and more, at a fifth of a second a step."""
    return MotionRequest(
        model=str(tiny_svd),
        width=256,
        height=256,
        num_frames=8,
        num_inference_steps=100,
        decode_chunk_size=1,
        fit="pad",
    )
