"""Looks at a run are written beside it, the newest of them, and none after it."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from jobs.looks import Looks
from pipelines.contract import RGB


def look(number: int) -> RGB:
    return np.full((1, 2, 2, 3), number, np.uint8)


class Slow:
    """Keeps looks as slowly as it is let."""

    def __init__(self) -> None:
        self.kept: list[int] = []
        self.begun, self.go_on = threading.Event(), threading.Event()

    def __call__(self, frames: RGB) -> bool:
        self.begun.set()
        assert self.go_on.wait(10)
        self.kept.append(int(frames.flat[0]))
        return True


def test_of_looks_that_come_too_fast_the_newest_is_kept() -> None:
    keep = Slow()
    with Looks(keep) as looks:
        looks.take(look(1))
        assert keep.begun.wait(10)
        for number in (2, 3, 4):
            looks.take(look(number))
        assert looks.kept == 0, "whoever samples did not wait"
        keep.go_on.set()
    assert keep.kept == [1, 4]
    assert looks.kept == 2


def test_after_a_run_that_was_stopped_nothing_is_written() -> None:
    keep = Slow()
    with pytest.raises(KeyboardInterrupt), Looks(keep) as looks:
        looks.take(look(1))
        assert keep.begun.wait(10)
        looks.take(look(2))
        threading.Timer(0.3, keep.go_on.set).start()
        raise KeyboardInterrupt
    assert keep.kept == [1], "what was being written is whole, what waited is gone"
    with pytest.raises(RuntimeError):
        looks.take(look(3))


def test_a_look_that_cannot_be_kept_does_not_end_the_run() -> None:
    def keep(frames: RGB) -> bool:
        if frames.flat[0] == 1:
            raise ValueError("broken")
        return frames.flat[0] != 2

    kept = []
    for number in (1, 2, 3):
        with Looks(keep) as looks:
            looks.take(look(number))
        kept.append(looks.kept)
    assert kept == [0, 0, 1]
