"""The frames of a finished clip, held on disk so that they can be read in any order."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import numpy as np

from media.mp4 import open_mp4, rgb_of
from pipelines.contract import RGB
from pipelines.errors import ClipError


class Frames(Protocol):
    """Frames uint8 `[H, W, 3]` sRGB of one size, readable as often and in any order as a format needs."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> RGB: ...

    def __iter__(self) -> Iterator[RGB]: ...


OnFrame = Callable[[int, int], None]
"""Told how many frames of how many are drawn: 0 of 0 while a few are tried, and from the start again where a file is
written anew. It ends the work by raising `Cancelled`."""


def unwatched(done: int, total: int) -> None:
    """Of files that nobody watches and that are wanted whatever happens."""


class WatchedFrames:
    """Frames that are told as they are drawn one after the other; a look at some of them is no progress."""

    def __init__(self, frames: Frames, on_frame: OnFrame) -> None:
        self._frames, self._on_frame, self._done = frames, on_frame, 0

    def __len__(self) -> int:
        return len(self._frames)

    def __iter__(self) -> Iterator[RGB]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int, /) -> RGB:
        if index in {0, self._done}:
            self._done = index + 1
        self._on_frame(self._done, len(self))
        return self._frames[index]


@contextmanager
def decoded(clip: Path, folder: Path | None = None) -> Iterator[RGB]:
    """All frames of an MP4 clip, uint8 `[n, H, W, 3]`, in a temporary file in `folder` that is gone afterwards.

    Raises `ClipError` where the clip cannot be read, and `OSError` where the disk is full.
    """
    with tempfile.TemporaryFile(dir=folder) as store, open_mp4(clip) as (container, stream):
        count = 0
        for frame in container.decode(stream):
            picture = rgb_of(frame)
            store.write(picture.tobytes())
            count += 1
        if count == 0:
            raise ClipError("This clip has no frames.", "Make it again.")
        store.flush()
        yield np.memmap(store, np.uint8, "r", shape=(count, *picture.shape))


def rate_of(clip: Path) -> Fraction:
    """Frames per second of an MP4 clip; raises `ClipError` where it cannot be read."""
    with open_mp4(clip) as (_, stream):
        return stream.average_rate or Fraction(1)
