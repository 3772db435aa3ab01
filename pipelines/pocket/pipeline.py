"""The built-in model as a diffusers pipeline folder: `model_index.json` and one safetensors file per part."""

from __future__ import annotations

from pathlib import Path

from diffusers import DiffusionPipeline, EDMDPMSolverMultistepScheduler

from pipelines.pocket.denoiser import HappeningDenoiser
from pipelines.pocket.sampling import new_scheduler


class PocketPipeline(DiffusionPipeline):
    """The parts of the built-in model; `PocketPipeline.from_pretrained(folder)` opens them.

    `pipelines.pocket.animator.PocketAnimator` makes clips with them.
    """

    def __init__(self, denoiser: HappeningDenoiser, scheduler: EDMDPMSolverMultistepScheduler) -> None:
        super().__init__()
        self.register_modules(denoiser=denoiser, scheduler=scheduler)


def save_denoiser(denoiser: HappeningDenoiser, folder: Path) -> None:
    """Write the network as a pipeline folder."""
    PocketPipeline(denoiser, new_scheduler()).save_pretrained(folder, safe_serialization=True)
