"""What happens when memory runs out or numbers go bad: the same clip is carried on in another way."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import torch

from pipelines.errors import BadFrames, OutOfMemory
from pipelines.families.svd.cost import Kind
from pipelines.families.svd.memory import usable_bytes
from pipelines.families.svd.networks import Networks
from pipelines.families.svd.plan import MOST_DESCENTS, Plan, choose, plans_for
from pipelines.families.svd.watch import Watch
from pipelines.request import MotionRequest
from pipelines.shortage import give_back, is_out_of_memory, within_memory

log = logging.getLogger(__name__)

Part = TypeVar("Part")


@dataclass
class Ladder:
    """The plans of a run from the first one that should fit, down to the cheapest one."""

    networks: Networks
    request: MotionRequest
    watch: Watch

    def __post_init__(self) -> None:
        kind: Kind = "cpu" if self.networks.device.type == "cpu" else "gpu"
        plans = plans_for(self.request, kind)
        dtype = self.networks.dtype
        first = choose(self.request, kind, usable_bytes(self.networks.device, dtype.itemsize), dtype.itemsize)
        self.plans = plans[first:]
        self._descents = 0

    def climb(self, work: Callable[[Plan], Iterator[Part]], shortage: OutOfMemory) -> Iterator[Part]:
        """What `work` yields under the first plan that gets through; `work` goes on from where it failed.

        Raises `shortage` when memory has run out under the last plan, and `BadFrames` when float32 does not help.
        """
        while True:
            failure: type[Exception] | None = None
            try:
                yield from work(self.plans[0])
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                log.warning("Out of memory: %s", error)
                failure = OutOfMemory
            except BadFrames as error:
                if self.networks.dtype == torch.float32:
                    raise
                log.warning("%s Going on in fp32.", error.sentence)
                failure = BadFrames
            if failure is None:
                return
            # Outside of the except block, whose traceback holds on to every tensor of the failed call (pytorch #18853).
            give_back()
            self._change(failure, shortage)

    def _change(self, failure: type[Exception], shortage: OutOfMemory) -> None:
        if failure is BadFrames:
            self.watch.note("The model's numbers overflowed in 16 bit: going on in 32 bit.")
            within_memory(partial(self.networks.convert, torch.float32), shortage)
            return
        if len(self.plans) == 1 or self._descents == MOST_DESCENTS:
            raise shortage
        self._descents += 1
        self.plans = self.plans[1:]
        plan = self.plans[0]
        at_once = "1 frame" if plan.chunk == 1 else f"{plan.chunk} frames"
        self.watch.note(f"Memory ran out: going on with {plan}, {at_once} decoded at once. The clip stays the same.")
