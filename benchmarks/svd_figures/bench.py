"""The stock pipeline and ours side by side, from the same random weights, and what is asked of both."""

from __future__ import annotations

import copy
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from diffusers import StableVideoDiffusionPipeline
from transformers import CLIPImageProcessor

from benchmarks.svd_figures.models import enliven
from pipelines.contract import RGB
from pipelines.families.svd import architecture
from pipelines.families.svd.animator import SvdAnimator
from pipelines.families.svd.dtype import DtypeChoice
from pipelines.request import MotionRequest

STOCK_DECODE_CHUNK = 8
"""Frames that diffusers' documentation decodes at once; fewer would make the stock pipeline look worse than it is."""

SEED = 1
"""Of the weights, the still and every clip."""


@dataclass(frozen=True)
class Scale:
    """How large the networks and the clip are; `pairs` runs of each pipeline are timed, one after the other.

    Narrow networks have every block of the real ones, with fewer channels.
    """

    unet: int
    vae: int
    clip: tuple[int, int]
    request: MotionRequest
    pairs: int


FULL = Scale(architecture.UNET_WIDTH, 128, (1280, 32), MotionRequest(seed=SEED), pairs=3)
"""The releases, at what they were trained for: 25 frames of 1024x576, in 25 steps."""

TINY = Scale(
    64, 32, (128, 2), MotionRequest(num_frames=14, num_inference_steps=4, width=256, height=192, seed=SEED), pairs=2
)
"""A fifth of the channels; a clip that takes half a minute on one core."""

TRUTH = Scale(
    64, 32, (128, 2), MotionRequest(num_frames=6, num_inference_steps=5, width=128, height=128, seed=SEED), pairs=1
)
"""Small enough for float64, which CPUs and GPUs alike are slow at."""


@dataclass(frozen=True)
class Bench:
    """Both pipelines, and the one request that they answer."""

    stock: Any
    ours: SvdAnimator
    still: RGB
    scale: Scale

    @property
    def device(self) -> torch.device:
        """Where both compute."""
        return self.ours.networks.device

    def run_stock(self, request: MotionRequest | None = None, **options: Any) -> torch.Tensor:
        """Frames of the stock pipeline, float32 `[F, 3, H, W]` from 0 to 1."""
        names = {"width", "height", "num_frames", "num_inference_steps", "min_guidance_scale", "max_guidance_scale"}
        names |= {"fps", "motion_bucket_id", "noise_aug_strength"}
        asked = request or self.scale.request
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return self.stock(
                self.stock.video_processor.numpy_to_pil(self.still[None] / 255.0)[0],
                generator=torch.Generator().manual_seed(asked.seed),
                latents=noise_of(asked).to(self.stock.unet.dtype),
                output_type="pt",
                **{"decode_chunk_size": STOCK_DECODE_CHUNK} | asked.model_dump(include=names) | options,
            ).frames[0]

    def run_ours(self, **changes: Any) -> None:
        """A whole clip as the studio makes it, thrown away.

        Raises `RuntimeError` where numbers overflowed: a clip that was finished in float32 has another time.
        """
        for _ in self.ours.animate(self.still, self.scale.request.model_copy(update=changes)):
            pass
        if self.ours.networks.dtype != self.ours.choice.dtype:
            raise RuntimeError(f"The numbers overflowed in {self.ours.choice.dtype}: nothing was measured.")

    def frames(self, **changes: Any) -> torch.Tensor:
        """The frames of ours before they become bytes, float32 `[F, 3, H, W]` from 0 to 1."""
        request = self.scale.request.model_copy(update=changes)
        parts = self.ours.decode(self.ours.sample(self.still, request), request)
        return torch.cat([part.cpu() for _, part in parts])

    def seconds(self, work: Callable[[], object]) -> float:
        """How long `work` takes, until the device is done with it."""
        self._wait()
        begun = time.perf_counter()
        work()
        self._wait()
        return time.perf_counter() - begun

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


def noise_of(request: MotionRequest) -> torch.Tensor:
    """What both pipelines draw by themselves in float32; in float64 the stock one would draw something else."""
    generator = torch.Generator().manual_seed(request.seed)
    torch.randn(1, 3, request.height, request.width, generator=generator)
    return torch.randn(1, request.num_frames, 4, request.height // 8, request.width // 8, generator=generator)


def open_bench(scale: Scale, device: torch.device, dtype: torch.dtype) -> Bench:
    """Both pipelines on `device` in `dtype`, each with weights of its own, all equal."""
    stock = stock_pipeline(scale).to(device, dtype)
    ours = SvdAnimator(copy.deepcopy(stock), DtypeChoice(dtype, "asked for."), device)
    size = (scale.request.height, scale.request.width, 3)
    still = np.random.default_rng(SEED).integers(0, 256, size, dtype=np.uint8)
    return Bench(stock, ours, still, scale)


def stock_pipeline(scale: Scale) -> Any:
    """diffusers' pipeline with random weights in float32, on the CPU."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        pipeline = StableVideoDiffusionPipeline(
            vae=enliven(architecture.vae(scale.vae)).eval(),
            image_encoder=architecture.image_encoder(*scale.clip).eval(),
            unet=enliven(architecture.unet(scale.unet, scale.request.num_frames)).eval(),
            scheduler=architecture.scheduler(),
            feature_extractor=CLIPImageProcessor(),
        )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
