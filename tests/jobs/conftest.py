"""One queue with one real worker for tests that leave it alive; queues with a fake model for those that break one."""

from __future__ import annotations

import os
import sys

import pytest
from PIL import Image

from benchmarks.jobs_figures.fake_model import TRACE, Gate, Speed
from jobs import worker_launch
from jobs.durable_queue import DurableQueue
from jobs.settings import JobSettings
from pipelines.request import MotionRequest
from tests.conftest import tiny_svd_of_this_run
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
def gate(tmp_path, monkeypatch):
    """Holds the fake models back; open at first."""
    gate = Gate(tmp_path / "gate")
    for name, value in gate.environment().items():
        monkeypatch.setenv(name, value)
    return gate


@pytest.fixture
def trace(tmp_path, monkeypatch):
    """What the fake models have made: the number of steps of each run, in the order of their beginnings."""
    file = tmp_path / "trace"
    monkeypatch.setenv(TRACE, str(file))

    def steps():
        lines = [line.split() for line in file.read_text().splitlines()]
        runs = [run for _, _, _, run, what in lines if what == "begin"]
        return [sum(each == run and what == "step" for _, _, _, each, what in lines) for run in runs]

    return steps


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


@pytest.fixture(scope="session")
def tiny_svd(tmp_path_factory):
    """A Stable Video Diffusion of 25 frames whose networks are tiny; no test changes it."""
    return tiny_svd_of_this_run(tmp_path_factory, num_frames=25)


@pytest.fixture
def small():
    """A request that the built-in model answers in less than a second."""
    size = {"width": 256, "height": 128, "anchor_x": 0.5, "anchor_y": 0.5}
    return MotionRequest(model="pocket", num_frames=6, num_inference_steps=6, **size)
