"""Downloads of models in the background."""

from __future__ import annotations

import threading

import pytest

from jobs import downloads as room
from jobs.downloads import Download, Downloads
from pipelines.errors import HubError
from tests.jobs.watching import holds_within


@pytest.fixture
def hub(monkeypatch):
    """A hub that waits for the test between one half and the other; notes what was asked for."""

    class Hub:
        def __init__(self):
            self.go, self.asked, self.error = threading.Event(), [], None

        def fetch(self, spec, on_bytes):
            self.asked.append(spec.id)
            on_bytes(50, 100)
            self.go.wait(10)
            if self.error:
                raise self.error
            on_bytes(100, 100)

    hub = Hub()
    monkeypatch.setattr(room, "fetch", hub.fetch)
    yield hub
    hub.go.set()


def test_nothing_was_asked_for(hub):
    assert Downloads().state("svd-xt") == Download()


def test_a_download_is_followed_to_its_end(hub):
    downloads = Downloads()
    downloads.start("svd-xt")
    assert holds_within(60, lambda: downloads.state("svd-xt") == Download(50, 100, is_running=True))
    hub.go.set()
    assert holds_within(60, lambda: downloads.state("svd-xt") == Download(100, 100))


def test_asking_twice_downloads_once(hub):
    downloads = Downloads()
    for _ in range(3):
        downloads.start("svd-xt")
    assert holds_within(60, lambda: hub.asked == ["svd-xt"])


@pytest.mark.parametrize(
    ("error", "sentence"),
    [(HubError("The hub was not reached.", "Try again."), "The hub was not reached. Try again."), (KeyError(), "log")],
)
def test_a_failure_is_told_and_may_be_tried_again(hub, error, sentence):
    downloads = Downloads()
    hub.error = error
    hub.go.set()
    downloads.start("svd-xt")
    assert holds_within(60, lambda: not downloads.state("svd-xt").is_running)
    assert sentence in downloads.state("svd-xt").sentence
    hub.error = None
    downloads.start("svd-xt")
    assert holds_within(60, lambda: downloads.state("svd-xt") == Download(100, 100))


def test_an_unknown_model_is_told(hub):
    downloads = Downloads()
    downloads.start("no-such-model")
    assert holds_within(60, lambda: "no-such-model" in downloads.state("no-such-model").sentence)


def test_a_download_that_could_not_start_may_be_tried_again(hub, monkeypatch):
    downloads = Downloads()
    with monkeypatch.context() as broken, pytest.raises(RuntimeError):
        broken.setattr(threading.Thread, "start", lambda thread: 1 / 0 if not thread else _refuse())
        downloads.start("svd-xt")
    assert downloads.state("svd-xt") == Download()


def _refuse():
    raise RuntimeError("can't start new thread")
