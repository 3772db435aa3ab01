"""One queue with one real worker for tests that leave it alive; queues with a fake model for those that break one."""

from __future__ import annotations

import os
import sys

import pytest
from PIL import Image

from benchmarks.jobs_figures.fake_model import Speed
from jobs import worker_launch
from jobs.durable_queue import DurableQueue
from jobs.schema import open_database
from jobs.settings import JobSettings
from pipelines.request import MotionRequest
from tests.media.pictures import exif, quarters

MANY = 1000

FAKE = [sys.executable, "-P", "-m", "benchmarks.jobs_figures.fake_worker"]


def settings_in(folder, **changes):
    """Settings with everything in `folder`, one worker, and room for every job of a test."""
    kept = {"database_url": f"sqlite:///{folder}/studio.sqlite", "store": str(folder / "jobs"), "workers": 1}
    return JobSettings(**{**kept, "waiting_per_user": MANY, "waiting_in_all": MANY, "warm": False, **changes})


@pytest.fixture(scope="session", autouse=True)
def data_of_its_own(tmp_path_factory):
    """No test sees the data of whoever runs it; workers are told by the environment."""
    os.environ["STILLMOTION_DATA"] = str(tmp_path_factory.mktemp("data"))


@pytest.fixture
def engine(tmp_path):
    """An empty database."""
    engine = open_database(f"sqlite:///{tmp_path}/studio.sqlite")
    yield engine
    engine.dispose()


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Makes a running queue whose workers have a fake model of a given speed; as many as a test asks for."""
    made = []

    def make(speed=None, folder=tmp_path, **changes):
        monkeypatch.setenv("STILLMOTION_DATA", str(folder))
        monkeypatch.setattr(worker_launch, "COMMAND", FAKE)
        for name, value in (speed or Speed()).environment().items():
            monkeypatch.setenv(name, value)
        made.append(DurableQueue(settings_in(folder, **changes)))
        made[-1].start()
        return made[-1]

    yield make
    for queue in made:
        queue.close()


@pytest.fixture(scope="session")
def queue(tmp_path_factory):
    """A running queue with the built-in model."""
    queue = DurableQueue(settings_in(tmp_path_factory.mktemp("studio")))
    queue.start()
    yield queue
    queue.close()


@pytest.fixture(scope="session")
def still(tmp_path_factory):
    """A JPEG of a camera that says where it was taken."""
    path = tmp_path_factory.mktemp("uploads") / "holiday at home.jpg"
    Image.fromarray(quarters(320, 240)).save(path, exif=exif(1))
    return path


@pytest.fixture
def small():
    """A request that the built-in model answers in less than a second."""
    size = {"width": 256, "height": 128, "anchor_x": 0.5, "anchor_y": 0.5}
    return MotionRequest(model="pocket", num_frames=6, num_inference_steps=6, **size)
