"""Decoding: from latents to pictures, in order, as they are wanted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from pipelines.families.svd.guards import check_finite
from pipelines.families.svd.network.decoder import Waiting
from pipelines.families.svd.networks import DECODING, Networks
from pipelines.families.svd.plan import Plan
from pipelines.families.svd.watch import Watch
from pipelines.request import MotionRequest

Numbered = tuple[int, torch.Tensor]
"""The number of the first frame, and the frames, float32 `[n, 3, H, W]` from 0 to 1."""


@dataclass
class Decoding:
    """A clip that is being decoded, to be carried on under another plan where one fails: `done` frames are out."""

    networks: Networks
    latents: torch.Tensor
    request: MotionRequest
    watch: Watch
    done: int = 0

    def run(self, plan: Plan) -> Iterator[Numbered]:
        """The frames that are not out yet. Raises `BadFrames`, and whatever the watcher raises."""
        self.networks.ready(DECODING, plan)
        self.watch.begin("decode", self.request.num_frames, self.watch.step if self.watch.stage == "decode" else 0)
        start = 0
        pictures = self._pictures(plan)
        while (part := _next(pictures)) is not None:
            end = start + len(part)
            if end > self.done:
                check_finite(part, self.networks.dtype, f"in frame {start + 1} to {end}")
                self._tell(end / self.request.num_frames)
                first, self.done = self.done, end
                yield first, (part[first - start :].float() / 2 + 0.5).clamp(0, 1)
            start = end

    def _pictures(self, plan: Plan) -> Iterator[torch.Tensor]:
        vae = self.networks.pipeline.vae
        scaled = (self.latents[0] / vae.config.scaling_factor).to(self.networks.dtype)
        waiting = Waiting(torch.device("cpu") if plan.parked else None, plan.frugal)
        return self.networks.decoder.decode(scaled, plan.chunk, waiting, self._tell)

    def _tell(self, share: float) -> None:
        """Tells the share of the work that is done, in frames: most of it is done before the first frame is out."""
        step = int(share * self.request.num_frames)
        if step > self.watch.step:
            self.watch.reached(step)


@torch.no_grad()
def _next(pictures: Iterator[torch.Tensor]) -> torch.Tensor | None:
    """`torch.no_grad` would not hold inside of a generator while its caller is at work."""
    return next(pictures, None)
