"""What a run says to whoever watches it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipelines.contract import RGB, Checkpoint, OnStep, Stage, StepEvent


@dataclass
class Watch:
    """Remembers where a run is, so that a note can be told at once; `on_step` may raise to stop the run."""

    on_step: OnStep
    stage: Stage = "encode"
    step: int = 0
    total: int = 1

    def reached(
        self, step: int, preview: RGB | None = None, checkpoint: Callable[[], Checkpoint] | None = None
    ) -> None:
        """`step` of the stage's steps are done."""
        self.step = step
        self.on_step(StepEvent(self.stage, step, self.total, preview, checkpoint))

    def begin(self, stage: Stage, total: int, step: int = 0) -> None:
        """A stage of `total` steps begins, `step` of which were done before."""
        self.stage, self.step, self.total = stage, step, total

    def note(self, sentence: str) -> None:
        """A sentence for the person about what the run has to do differently."""
        self.on_step(StepEvent(self.stage, self.step, self.total, note=sentence))
