"""The built-in model as a diffusers pipeline folder: `model_index.json` and one safetensors file per part."""

from __future__ import annotations

from pathlib import Path

from diffusers import DiffusionPipeline, EDMDPMSolverMultistepScheduler, UNet2DConditionModel

from pipelines.pocket.codec import MotionCodec
from pipelines.pocket.denoiser import StillEncoder
from pipelines.pocket.sampling import Networks, new_scheduler


class PocketPipeline(DiffusionPipeline):
    """The parts of the built-in model; `PocketPipeline.from_pretrained(folder)` opens them.

    `pipelines.pocket.animator.PocketAnimator` makes clips with them.
    """

    def __init__(
        self,
        unet: UNet2DConditionModel,
        encoder: StillEncoder,
        codec: MotionCodec,
        scheduler: EDMDPMSolverMultistepScheduler,
    ) -> None:
        super().__init__()
        self.register_modules(unet=unet, encoder=encoder, codec=codec, scheduler=scheduler)


def save_networks(networks: Networks, folder: Path) -> None:
    """Write the networks as a pipeline folder."""
    pipeline = PocketPipeline(networks.unet, networks.encoder, networks.codec, new_scheduler())
    pipeline.save_pretrained(folder, safe_serialization=True)
