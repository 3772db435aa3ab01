"""A model of given speed in place of a GPU: it sleeps where a GPU would work, and its frames tell how it got there."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.contract import RGB, Checkpoint, FrameChunk, OnStep, StepEvent, ignore_steps
from pipelines.errors import OutOfMemory
from pipelines.request import MotionRequest

VARIABLE = "STILLMOTION_FAKE_MODEL"

CHUNK = 2
"""Frames decoded at once where the request leaves it open."""

LARGEST = 1_000

FAULT = "STILLMOTION_FAKE_FAULT"
"""Names a file with the words of an error that the model ends its sampling with, once."""

TRACE = "STILLMOTION_FAKE_TRACE"
"""Names a file to which every worker adds a line for all that its model begins and ends."""


@dataclass(frozen=True)
class Speed:
    """Seconds for loading, for a step and for a chunk; memory runs out above `largest_chunk` frames."""

    load_s: float = 0.0
    step_s: float = 0.0
    chunk_s: float = 0.0
    largest_chunk: int = LARGEST

    def environment(self) -> dict[str, str]:
        """How a worker's process is told."""
        return {VARIABLE: json.dumps(asdict(self))}


def speed_from_environment() -> Speed:
    """What `Speed.environment` told this process."""
    return Speed(**json.loads(os.environ.get(VARIABLE, "{}")))


class FakeAnimator:
    """Implements `pipelines.contract.Animator`. Every step changes what the frames show: none can be left out."""

    def __init__(self, speed: Speed) -> None:
        _trace("0 0", "load")
        time.sleep(speed.load_s)
        self._speed = speed

    def animate(
        self, still: RGB, request: MotionRequest, on_step: OnStep = ignore_steps, resume: Checkpoint | None = None
    ) -> Iterator[FrameChunk]:
        """Frames that depend on the seed and on every step; raises what `on_step` raises."""
        state = np.random.default_rng(request.seed).random(64, np.float32)
        begun = 0
        run = f"{request.seed} {time.monotonic()}"
        _trace(run, "begin")
        try:
            yield from self._run(request, on_step, (begun, state) if resume is None else _state_of(resume), run)
        finally:
            _trace(run, "end")

    def _run(
        self, request: MotionRequest, on_step: OnStep, start: tuple[int, NDArray[np.float32]], run: str
    ) -> Iterator[FrameChunk]:
        begun, state = start
        for step in range(begun + 1, request.num_inference_steps + 1):
            _trace(run, "step")
            time.sleep(self._speed.step_s)
            state = np.sin(state * 3 + step, dtype=np.float32)
            checkpoint = partial(Checkpoint, step, {"state": state})
            on_step(StepEvent("sampling", step, request.num_inference_steps, checkpoint=checkpoint))
        _fail_if_due()
        yield from self._decode(state, request, on_step, run)

    def _decode(
        self, state: NDArray[np.float32], request: MotionRequest, on_step: OnStep, run: str
    ) -> Iterator[FrameChunk]:
        size = request.decode_chunk_size or CHUNK
        for start in range(0, request.num_frames, size):
            stop = min(start + size, request.num_frames)
            _trace(run, "chunk")
            time.sleep(self._speed.chunk_s)
            if stop - start > self._speed.largest_chunk:
                raise OutOfMemory(f"No memory for {stop - start} frames.", "Choose a smaller decode chunk.")
            yield FrameChunk(start, np.stack([_frame(state, index, request) for index in range(start, stop)]))
            on_step(StepEvent("decode", stop, request.num_frames))


def _state_of(checkpoint: Checkpoint) -> tuple[int, NDArray[np.float32]]:
    return checkpoint.step, checkpoint.arrays["state"]


def _fail_if_due() -> None:
    """Once, with the words in the file that `FAULT` names."""
    file = Path(os.environ.get(FAULT, "/nowhere"))
    if file.is_file():
        words = file.read_text()
        file.unlink()
        raise RuntimeError(words)


def _trace(run: str, what: str) -> None:
    """Lines are short, and so are written whole, by several processes at once too."""
    if TRACE in os.environ:
        with Path(os.environ[TRACE]).open("a") as file:
            file.write(f"{time.monotonic()} {os.getpid()} {run} {what}\n")


def _frame(state: NDArray[np.float32], index: int, request: MotionRequest) -> RGB:
    """Stripes of the state's values, moved on by one column a frame."""
    shades = np.roll(((state + 1) * 127).astype(np.uint8), index).repeat(request.width // 64)
    row = np.resize(shades, request.width)
    return np.broadcast_to(row[None, :, None], (request.height, request.width, 3)).copy()
