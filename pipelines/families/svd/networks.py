"""The checkpoint's networks, laid out for our passes, and where they are at each moment."""

from __future__ import annotations

import os
from typing import Any

import torch

from pipelines.families.svd.network.decoder import Decoder
from pipelines.families.svd.network.unet import Unet
from pipelines.families.svd.plan import Plan
from pipelines.families.svd.preview import Drawer
from pipelines.families.svd.streaming import Streamed
from pipelines.machine import data_folder
from pipelines.quiet import quiet_libraries
from pipelines.request import MotionRequest

COMPILE_VARIABLE = "STILLMOTION_COMPILE"
"""Set to 1, the UNet is compiled: minutes for the first clip of a size, then faster. Another value is torch's name of
a backend."""

PARTS = ("image_encoder", "vae", "unet")

ENCODING, SAMPLING, DECODING = ("image_encoder", "vae"), ("unet",), ("vae",)
"""The parts that are at work in each phase of a run."""


class Networks:
    """The parts of a `StableVideoDiffusionPipeline`, to be computed on `device`, and what draws looks at a run."""

    def __init__(self, pipeline: Any, device: torch.device) -> None:
        self.pipeline = pipeline
        self.device = device
        self.drawer: Drawer | None = None
        self.kind = f"{self.dtype} on {device.type}"
        """What decides a run's numbers beside its request: the number format it begins in, and the kind of device."""
        self._sizes: set[tuple[int, int, int]] = set()
        self._streamed: Streamed | None = None
        self._walk()

    @property
    def dtype(self) -> torch.dtype:
        """The number format of the weights."""
        return self.pipeline.unet.conv_in.weight.dtype

    @quiet_libraries()
    def convert(self, dtype: torch.dtype) -> None:
        """Converts all weights, for good. To float32 and back loses nothing."""
        for part in PARTS:
            getattr(self.pipeline, part).to(dtype)
        self._walk()

    def ready(self, phase: tuple[str, ...], plan: Plan) -> None:
        """Brings the parts of a phase to the device; with a plan `by_turns`, sends the others away first."""
        if plan.streamed and self._streamed is None:
            forget_compiled(self.unet)
            self._streamed = Streamed(self.pipeline.unet, self.device)
        if not plan.streamed and self._streamed is not None:  # the last run was short of memory, this one is not
            self._streamed.end()
            self._streamed = None
            self._compile()
        others = [part for part in PARTS if part not in phase] if plan.by_turns else []
        for part in others:
            self._move(part, torch.device("cpu"))
        for part in phase if plan.by_turns else PARTS:
            self._move(part, self.device)

    def expect(self, request: MotionRequest) -> str:
        """A sentence about what the first step will compile; empty where there is nothing to be compiled.

        Where as many sizes are compiled as there may be, they are forgotten first.
        """
        if not self.unet.is_compiled:
            return ""
        size = (request.num_frames, request.height, request.width)
        if size in self._sizes:
            return ""
        if len(self._sizes) >= MOST_SIZES:
            torch.compiler.reset()
            self._sizes.clear()
        self._sizes.add(size)
        return "The first step compiles the model for this size, which can take minutes."

    def _move(self, part: str, device: torch.device) -> None:
        if not (part == "unet" and self._streamed is not None):
            getattr(self.pipeline, part).to(device)

    def _walk(self) -> None:
        self.unet = Unet(self.pipeline.unet, self.device)
        self.decoder = Decoder(self.pipeline.vae, self.device)
        self._compile()

    def _compile(self) -> None:
        backend = os.environ.get(COMPILE_VARIABLE)
        if backend and self._streamed is None:
            compile_passes(self.unet, "inductor" if backend == "1" else backend)


MOST_SIZES = 4
"""Sizes of clips that are kept compiled at once. torch compiles a pass for 8 shapes and then fails; a size has two:
guidance in one pass and in two."""

PASSES = ("full", "shallow")
"""The passes of a `Unet` that are compiled."""


def compile_passes(unet: Unet, backend: str) -> None:
    """Compiles both kinds of passes when they are first run, each as one graph; what inductor makes is kept on disk."""
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(data_folder() / "compiled"))
    for name in PASSES:
        setattr(unet, name, torch.compile(getattr(unet, name), fullgraph=True, backend=backend))
    unet.is_compiled = True


def forget_compiled(unet: Unet) -> None:
    """Back to the passes as they are written: weights that come and go are not in a compiled graph."""
    for name in PASSES:
        vars(unet).pop(name, None)
    unet.is_compiled = False
