"""How many frames a pipeline has to be asked for, so that there are as many as the person wants. Knows no torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FrameRule:
    """Counts of frames that a pipeline can make: `step` * k + 1, however many are asked for.

    `lost` are made and dropped by the pipeline itself. Pipelines that work in `section`s of so many frames make one
    after the other, each in all steps.
    """

    step: int
    lost: int = 0
    section: int = 0

    def asked(self, frames: int) -> int:
        """What to ask for, upward from `frames`: the rest is trimmed."""
        return -(-(frames - 1) // self.step) * self.step + 1 + self.lost

    def sections(self, frames: int) -> int:
        """How often all steps are taken for what is asked for."""
        return -(-self.asked(frames) // self.section) if self.section else 1
