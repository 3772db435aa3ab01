"""One clip of a loaded pipeline: sampled, perhaps from a checkpoint on, decoded, and trimmed to what was asked for."""

from __future__ import annotations

import importlib.metadata
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from pipelines.contract import RGB, Checkpoint, FrameChunk, OnStep, Stage, StepEvent
from pipelines.errors import ModelError, OutOfMemory
from pipelines.families.stock.calling import arguments, watched
from pipelines.families.stock.decoding import Given, decoded, in_bytes
from pipelines.families.stock.packing import packed, unpacked
from pipelines.families.stock.plans import next_plan
from pipelines.families.stock.preview import Cells, look
from pipelines.families.stock.recorder import HandedOver, Recorder, Seen, Terms
from pipelines.families.stock.sizes import covering
from pipelines.families.stock.tape import Tape
from pipelines.quiet import quiet_libraries
from pipelines.request import MotionRequest
from pipelines.shortage import give_back, is_out_of_memory

if TYPE_CHECKING:
    from pipelines.families.stock.animator import StockAnimator

log = logging.getLogger(__name__)

LIBRARIES = ("diffusers", "torch", "transformers")
"""What a run's numbers depend on: a checkpoint of other releases is not gone on from."""


class Run:
    """One clip; `chunks` is called once."""

    def __init__(self, model: StockAnimator, stills: Sequence[RGB], request: MotionRequest, on_step: OnStep) -> None:
        self._model, self._stills, self._request, self._on_step = model, stills, request, on_step
        self._can = model.can
        self._stage: Stage = "encode"
        self._step, self._total = 0, 1
        self._kept: Tape | None = None
        self._is_sampled = False
        self._done = 0

    def chunks(self, resume: Checkpoint | None) -> Iterator[FrameChunk]:
        """See `Animator.animate`."""
        self._kept = None if resume is None else self._tape_in(resume)
        # the words and the still are read first: with a language model, that takes a while
        self._tell()
        result = self._sampled()
        self._stage, self._step, self._total = "decode", 0, self._request.num_frames
        for frames in self._decoded(result) if isinstance(result, tuple) else [result]:
            yield self._chunk(frames)
            if self._done == self._total:
                return
        raise ModelError(
            f"{self._can.pipeline} made {self._done} frames where {self._total} were asked for.",
            f"Set num_frames to {self._done}.",
        )

    def _sampled(self) -> Given | RGB:
        """What a decoder has to be given; or frames, of pipelines that decode as they go."""
        while True:
            try:
                return self._sample()
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                log.warning("Out of memory: %s", error)
            # Outside of the except block, whose traceback holds on to every tensor of the call (pytorch #18853).
            self._descend()

    def _sample(self) -> Given | RGB:
        pipeline, generator = self._model.pipeline, self._generator()
        recorder = Recorder(self._terms(generator), self._on_boundary, self._kept)
        given = arguments(self._can, self._stills, self._request, generator)
        if self._can.guidance == "guider":
            pipeline.guider.guidance_scale = self._request.max_guidance_scale
        try:
            with self._listening(recorder):
                output = pipeline(**given, **watched(self._can, recorder.on_step_end))
        except HandedOver as ready:
            return ready.given
        finally:
            self._kept, self._is_sampled = recorder.kept, recorder.is_sampled
            # a run that is broken off leaves the weights where they were at work
            pipeline.maybe_free_model_hooks()
        return in_bytes(output[0][0])

    def _generator(self) -> torch.Generator:
        # on the device: some pipelines draw from it with torch itself, which takes no other's
        return torch.Generator(self._model.device).manual_seed(self._request.seed)

    def _terms(self, generator: torch.Generator) -> Terms:
        sections = self._can.frames.sections(self._request.num_frames)
        return Terms(generator, self._model.device, sections, self._can.tells_steps, self._can.hands_over)

    @contextmanager
    def _listening(self, recorder: Recorder) -> Iterator[None]:
        """With torch's own random numbers from the seed too, which some pipelines draw from; then as before."""
        device = self._model.device
        with quiet_libraries(), torch.random.fork_rng([device] if device.type == "cuda" else []):
            torch.manual_seed(self._request.seed)
            self._model.tap.listener = recorder
            try:
                yield
            finally:
                self._model.tap.listener = None

    def _on_boundary(self, step: int, total: int, seen: Seen, tape: Tape) -> None:
        self._stage, self._step, self._total = "sampling", step, total
        looks = (look(latents, self._stills[0], self._cells()) for latents in seen)
        shown = next((shown for shown in looks if shown is not None), None)

        def checkpoint() -> Checkpoint:
            return Checkpoint(step, packed({"made": self._made_with(), "tape": tape.state()}))

        self._on_step(StepEvent("sampling", step, total, shown, checkpoint))

    def _decoded(self, given: Given) -> Iterator[RGB]:
        """Frames that were not given yet: after a shortage it begins anew and leaves those out."""
        while True:
            number = 0
            try:
                for frames in decoded(self._model.pipeline, given, self._tell):
                    fresh = frames[max(0, self._done - number) :]
                    number += len(frames)
                    if len(fresh):
                        yield fresh
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                log.warning("Out of memory: %s", error)
            else:
                return
            self._descend()

    def _chunk(self, frames: RGB) -> FrameChunk:
        start, request = self._done, self._request
        kept = frames[: self._total - start]
        if kept.shape[1:3] != (request.height, request.width):
            kept = self._at_size(kept)
        self._done += len(kept)
        self._step = self._done
        self._tell()
        return FrameChunk(start, kept)

    def _at_size(self, frames: RGB) -> RGB:
        """Only pipelines that choose a size by themselves may come with another."""
        request, (height, width) = self._request, frames.shape[1:3]
        if self._can.size is None and self._can.takes_size:
            raise ModelError(
                f"{self._can.pipeline} made {width}x{height} where {request.width}x{request.height} was asked for.",
                f"Choose {width}x{height}, or another size.",
            )
        return covering(frames, request.width, request.height)

    def _descend(self) -> None:
        give_back()
        model = self._model
        number = next_plan(model.plans, model.number, self._is_sampled)
        if number is None:
            raise self._shortage()
        model.follow(number)
        self._tell(f"Memory ran out: going on with {model.plan}. {model.plan.change}")

    def _shortage(self) -> OutOfMemory:
        request = self._request
        what = "to decode " if self._is_sampled else "for "
        clip = f"{request.num_frames} frames of {request.width}x{request.height}"
        kind = "memory" if self._model.device.type == "cpu" else "GPU memory"
        fewer = self._can.frames.asked(max(2, request.num_frames // 2)) - self._can.frames.lost
        return OutOfMemory(f"Not enough {kind} {what}{clip}.", f"Choose a smaller size, or set num_frames to {fewer}.")

    def _tell(self, note: str = "") -> None:
        self._on_step(StepEvent(self._stage, self._step, self._total, note=note))

    def _cells(self) -> Cells:
        return Cells(self._can.channels, *self._can.cells(self._request.width, self._request.height))

    def _tape_in(self, resume: Checkpoint) -> Tape | None:
        """None for a checkpoint of another machine's or release's numbers: the run begins anew."""
        found = unpacked(resume.arrays)
        if not isinstance(found, dict) or found.get("made") != self._made_with():
            log.warning("a checkpoint of other numbers is left alone")
            return None
        return Tape.of(found["tape"])

    def _made_with(self) -> dict[str, Any]:
        """What a run's numbers depend on, besides its request."""
        model = self._model
        releases = {name: importlib.metadata.version(name) for name in LIBRARIES}
        told = {"pipeline": self._can.pipeline, "device": _name_of(model.device), "dtype": str(model.dtype)}
        return {**releases, **told, "eight_bit": model.plan.eight_bit}


def _name_of(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
