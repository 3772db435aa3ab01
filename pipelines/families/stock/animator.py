"""A loaded pipeline at work: diffusers' own call, watched, stopped, resumed and fitted into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from pipelines.contract import RGB, Checkpoint, FrameChunk, OnStep, ignore_steps
from pipelines.errors import RequestError
from pipelines.families.stock.capabilities import Capabilities
from pipelines.families.stock.check import check
from pipelines.families.stock.placing import place, weights_of
from pipelines.families.stock.plans import Plan, first_that_fits, plans_for
from pipelines.families.stock.run import Run
from pipelines.families.stock.tap import Tap
from pipelines.request import MotionRequest
from pipelines.shortage import give_back

NOT_PLACED = -1
"""The number of no plan: the weights are where they were loaded."""


class StockAnimator:
    """A pipeline that diffusers has loaded; made by `loading.open_stock`. Implements `pipelines.contract.Animator`.

    The frames are those that the pipeline gives when it is called with the same still, words and seed, bit by bit, as
    long as the plan is one that does not change the clip (`plans.Plan.change`).
    """

    def __init__(self, load: Callable[[], Any], can: Capabilities, device: torch.device) -> None:
        self._load, self.can, self.device = load, can, device
        self.plans = plans_for("cpu" if device.type == "cpu" else "gpu")
        self._open()

    def animate(
        self, still: RGB, request: MotionRequest, on_step: OnStep = ignore_steps, resume: Checkpoint | None = None
    ) -> Iterator[FrameChunk]:
        """Chunks in order; see `Animator.animate`. Raises `RequestError`, `ModelError`, `BadFrames`, `OutOfMemory`, and
        whatever `on_step` raises: within one step of sampling, or one piece of decoding."""
        yield from self._run([still], request, on_step).chunks(resume)

    def meet(
        self,
        stills: Sequence[RGB],
        request: MotionRequest,
        on_step: OnStep = ignore_steps,
        resume: Checkpoint | None = None,
    ) -> Iterator[FrameChunk]:
        """As `animate`, from the first of two stills to the second. Raises `RequestError` where the model cannot."""
        yield from self._run(stills, request, on_step).chunks(resume)

    def _run(self, stills: Sequence[RGB], request: MotionRequest, on_step: OnStep) -> Run:
        for still in stills:
            _check_still(still, request)
        check(self.can, request)
        self._prepare()
        return Run(self, stills, request, on_step)

    @property
    def dtype(self) -> torch.dtype:
        """The number format of the network that denoises."""
        found: torch.dtype = self._first_weights().dtype
        return found

    @property
    def plan(self) -> Plan:
        """How the pipeline is fitted into memory now."""
        return self.plans[self.number]

    def follow(self, number: int) -> None:
        """Goes on under plan `number` of `plans`."""
        self.number = number
        place(self.pipeline, self.plan, self.device)

    def _open(self) -> None:
        # before the next one is loaded: there is seldom room for two
        self.pipeline: Any = None
        give_back()
        self.pipeline = self._load()
        self.pipeline.set_progress_bar_config(disable=True)
        self.tap = Tap(self.pipeline)
        self.weights = weights_of(self.pipeline)
        self.number = NOT_PLACED

    def _prepare(self) -> None:
        """Each run begins under the best plan: what the last one had to give up for room is taken back."""
        if self.number != NOT_PLACED and self.plan.eight_bit:
            self._open()
        best = first_that_fits(self.plans, self.weights, self._free_bytes())
        if best != self.number:
            self.follow(best)

    def _free_bytes(self) -> float:
        if self.device.type != "cuda":
            # there is nowhere else to put weights: on a CPU they are where they are loaded
            return float("inf")
        return torch.cuda.mem_get_info(self.device)[0] + torch.cuda.memory_reserved(self.device)

    def _first_weights(self) -> Any:
        network = getattr(self.pipeline, "transformer", None) or getattr(self.pipeline, "transformer_2", None)
        return network if network is not None else self.pipeline.unet


def _check_still(still: RGB, request: MotionRequest) -> None:
    if still.shape != (request.height, request.width, 3) or still.dtype != "uint8":
        raise RequestError(
            f"The still is {still.dtype} {still.shape}, not uint8 [{request.height}, {request.width}, 3].",
            "Fit it to the request's width and height first.",
        )
