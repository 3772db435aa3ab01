"""A model of given speed in place of a GPU: it sleeps where a GPU would work, and its frames tell how it got there."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
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


GATE = "STILLMOTION_FAKE_GATE"
"""Names a file that, while it is there, holds every model back: `Gate` writes it."""

STAGES = ("load", "sampling", "decode")

GATE_LOOK_S = 0.02
"""Seconds between looks at a closed gate."""


@dataclass(frozen=True)
class Gate:
    """Lets fake models come so far and no further, however fast the machine is. They can be stopped meanwhile."""

    file: Path

    def environment(self) -> dict[str, str]:
        """How a worker's process is told where the gate is."""
        return {GATE: str(self.file)}

    def close_after(self, stage: str, step: int) -> None:
        """Nothing beyond this step (sampling) or so many frames (decode) is made; ("load", 0) holds back all."""
        draft = self.file.with_suffix(".draft")
        draft.write_text(json.dumps([STAGES.index(stage), step]))
        draft.replace(self.file)

    def open(self) -> None:
        """Models go on as fast as they can."""
        self.file.unlink(missing_ok=True)

    def is_closed_for(self, stage: str, step: int) -> bool:
        """Whether this step may not be made yet."""
        try:
            limit = json.loads(self.file.read_text())
        except OSError:
            return False
        return [STAGES.index(stage), step] > limit


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
        self._gate = Gate(Path(os.environ.get(GATE, "/nowhere")))
        self._wait("load", 1, _nothing)
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

    def _wait(self, stage: str, step: int, look: Callable[[], None]) -> None:
        """Until the gate is open for this step; `look` raises where the job was stopped."""
        while self._gate.is_closed_for(stage, step):
            look()
            time.sleep(GATE_LOOK_S)

    def _run(
        self, request: MotionRequest, on_step: OnStep, start: tuple[int, NDArray[np.float32]], run: str
    ) -> Iterator[FrameChunk]:
        begun, state = start
        for step in range(begun + 1, request.num_inference_steps + 1):
            so_far = StepEvent("sampling", step - 1, request.num_inference_steps)
            self._wait("sampling", step, partial(on_step, so_far) if step > begun + 1 else _nothing)
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
            so_far = StepEvent("decode", start, request.num_frames)
            self._wait("decode", stop, partial(on_step, so_far) if start else _nothing)
            _trace(run, "chunk")
            time.sleep(self._speed.chunk_s)
            if stop - start > self._speed.largest_chunk:
                raise OutOfMemory(f"No memory for {stop - start} frames.", "Choose a smaller decode chunk.")
            yield FrameChunk(start, np.stack([_frame(state, index, request) for index in range(start, stop)]))
            on_step(StepEvent("decode", stop, request.num_frames))


def look(model: str, still: RGB) -> None:
    """In place of `pipelines.look_ahead`: leaves a line in the trace."""
    _trace(f"{model} {still.shape[1]}x{still.shape[0]}", "look")


def _nothing() -> None:
    """Before its first step a run has nothing to tell."""


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
