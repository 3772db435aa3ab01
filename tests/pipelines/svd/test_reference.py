"""Our frames are those of the stock diffusers pipeline."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableVideoDiffusionPipeline

from pipelines.contract import RGB
from pipelines.request import MotionRequest
from pipelines.svd.animator import SvdAnimator
from pipelines.svd.loading import load_svd

TOLERANCE = 1e-5


def stock_frames(folder: Path, still: RGB, request: MotionRequest, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """float32 `[F, 3, H, W]` from 0 to 1, from the pipeline as anybody would call it."""
    pipeline = StableVideoDiffusionPipeline.from_pretrained(folder, variant="fp16", local_files_only=True, dtype=dtype)
    pipeline.set_progress_bar_config(disable=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return pipeline(
            pipeline.video_processor.numpy_to_pil(still[None] / 255.0)[0],
            generator=torch.Generator().manual_seed(request.seed),
            output_type="pt",
            decode_chunk_size=request.decode_chunk_size or None,
            **request.model_dump(
                include={
                    *("width", "height", "num_frames", "num_inference_steps", "min_guidance_scale"),
                    *("max_guidance_scale", "fps", "motion_bucket_id", "noise_aug_strength"),
                }
            ),
        ).frames[0]


@pytest.mark.parametrize("chunk", [0, 1, 2, 3, 4])
def test_frames_equal_the_stock_pipeline(
    tiny: Path, animator: SvdAnimator, still: RGB, request_4: MotionRequest, chunk: int
) -> None:
    request = request_4.model_copy(update={"decode_chunk_size": chunk})
    ours = torch.cat([frames for _, frames in animator.decode(animator.sample(still, request), request)])
    theirs = stock_frames(tiny, still, request)
    assert ours.shape == theirs.shape == (4, 3, 64, 64)
    assert theirs.std() > 0.01
    assert (ours - theirs).abs().max() <= TOLERANCE


@pytest.mark.parametrize(
    "changes",
    [
        {"fps": 12, "motion_bucket_id": 30, "noise_aug_strength": 0.3},
        {"min_guidance_scale": 0.5, "max_guidance_scale": 1.0},
        {"width": 128, "num_frames": 3, "num_inference_steps": 3},
    ],
)
def test_other_settings_equal_the_stock_pipeline(
    tiny: Path, animator: SvdAnimator, request_4: MotionRequest, changes: dict[str, float]
) -> None:
    request = request_4.model_copy(update=changes)
    still = np.random.default_rng(1).integers(0, 256, (request.height, request.width, 3), dtype=np.uint8)
    chunks = list(animator.animate(still, request))
    theirs = stock_frames(tiny, still, request).permute(0, 2, 3, 1).numpy()
    assert np.array_equal(np.concatenate([chunk.frames for chunk in chunks]), (theirs * 255).round().astype(np.uint8))


@pytest.mark.parametrize(("name", "dtype"), [("fp16", torch.float16), ("bf16", torch.bfloat16)])
def test_half_precision_equals_the_stock_pipeline(
    tiny: Path, still: RGB, request_4: MotionRequest, name: str, dtype: torch.dtype
) -> None:
    # Short: some CPUs have no fast way to compute in fp16.
    short = {"num_frames": 2, "num_inference_steps": 1, "min_guidance_scale": 1.0, "max_guidance_scale": 1.0}
    request = request_4.model_copy(update=short)
    animator = load_svd(tiny, device="cpu", dtype=name)
    ours = torch.cat([frames for _, frames in animator.decode(animator.sample(still, request), request)])
    assert (ours - stock_frames(tiny, still, request, dtype)).abs().max() <= TOLERANCE
