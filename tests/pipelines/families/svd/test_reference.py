"""Our frames are those of the stock diffusers pipeline, which decodes all of a clip together."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableVideoDiffusionPipeline

from pipelines.contract import RGB
from pipelines.devices import FORMATS
from pipelines.families.svd.animator import SvdAnimator
from pipelines.families.svd.loading import load_svd
from pipelines.request import MotionRequest

TOLERANCE = 1e-5


def stock_frames(folder: Path, still: RGB, request: MotionRequest, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """float32 `[F, 3, H, W]` from 0 to 1, from the pipeline as anybody would call it."""
    pipeline = StableVideoDiffusionPipeline.from_pretrained(folder, variant="fp16", local_files_only=True, dtype=dtype)
    pipeline.set_progress_bar_config(disable=True)
    generator = torch.Generator().manual_seed(request.seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return pipeline(
            pipeline.video_processor.numpy_to_pil(still[None] / 255.0)[0],
            generator=generator,
            latents=noise_of(request).to(dtype),
            output_type="pt",
            **request.model_dump(
                include={
                    *("width", "height", "num_frames", "num_inference_steps", "min_guidance_scale"),
                    *("max_guidance_scale", "fps", "motion_bucket_id", "noise_aug_strength"),
                }
            ),
        ).frames[0]


def noise_of(request: MotionRequest) -> torch.Tensor:
    """What the stock pipeline draws by itself in float32; in float64 it would draw something else."""
    generator = torch.Generator().manual_seed(request.seed)
    torch.randn(1, 3, request.height, request.width, generator=generator)
    return torch.randn(1, request.num_frames, 4, request.height // 8, request.width // 8, generator=generator)


def our_frames(animator: SvdAnimator, still: RGB, request: MotionRequest) -> torch.Tensor:
    """The same from ours."""
    return torch.cat([frames for _, frames in animator.decode(animator.sample(still, request), request)])


@pytest.fixture
def request_5(request_4: MotionRequest) -> MotionRequest:
    """Five steps: with two, the stock pipeline's own rounding at a noise of 700 shows."""
    return request_4.model_copy(update={"num_inference_steps": 5})


@pytest.mark.parametrize("chunk", [0, 1, 3, 4])
def test_frames_equal_the_stock_pipeline(
    tiny: Path, animator: SvdAnimator, still: RGB, request_5: MotionRequest, chunk: int
) -> None:
    ours = our_frames(animator, still, request_5.model_copy(update={"decode_chunk_size": chunk}))
    theirs = stock_frames(tiny, still, request_5)
    assert ours.shape == theirs.shape == (4, 3, 64, 64)
    assert theirs.std() > 0.01
    assert (ours - theirs).abs().max() <= TOLERANCE


@pytest.mark.parametrize(
    "changes",
    [
        {"fps": 12, "motion_bucket_id": 30, "noise_aug_strength": 0.3},
        {"min_guidance_scale": 0.5, "max_guidance_scale": 1.0},
        {"min_guidance_scale": 2.0, "max_guidance_scale": 2.0},
        {"width": 128, "num_frames": 3, "num_inference_steps": 6},
        {"num_frames": 2},
    ],
)
def test_other_settings_equal_the_stock_pipeline(
    tiny: Path, animator: SvdAnimator, request_5: MotionRequest, changes: dict[str, float]
) -> None:
    request = request_5.model_copy(update=changes)
    still = np.random.default_rng(1).integers(0, 256, (request.height, request.width, 3), dtype=np.uint8)
    assert (our_frames(animator, still, request) - stock_frames(tiny, still, request)).abs().max() <= TOLERANCE


@pytest.mark.parametrize("steps", [2, 5])
@pytest.mark.parametrize("name", ["fp32", "bf16"])
def test_we_are_no_further_from_the_truth_than_the_stock_pipeline(
    tiny: Path, still: RGB, request_4: MotionRequest, name: str, steps: int
) -> None:
    """The truth is the stock pipeline in float64, which holds the same weights."""
    request = request_4.model_copy(update={"num_inference_steps": steps})
    truth = stock_frames(tiny, still, request, torch.float64)
    ours = our_frames(load_svd(tiny, device="cpu", dtype=name), still, request)
    theirs = stock_frames(tiny, still, request, FORMATS[name])
    assert 0 < (ours - truth).norm() <= 1.2 * (theirs - truth).norm()
    assert (theirs - truth).norm() <= 0.05 * truth.norm(), "all of them are of one clip"


def test_half_precision_makes_a_clip(tiny: Path, still: RGB, request_4: MotionRequest) -> None:
    # Short: some CPUs have no fast way to compute in fp16.
    short = {"num_frames": 2, "num_inference_steps": 1, "min_guidance_scale": 1.0, "max_guidance_scale": 1.0}
    request = request_4.model_copy(update=short)
    ours = our_frames(load_svd(tiny, device="cpu", dtype="fp16"), still, request)
    truth = stock_frames(tiny, still, request, torch.float64)
    theirs = stock_frames(tiny, still, request, torch.float16)
    assert (ours - truth).norm() <= 1.2 * (theirs - truth).norm()


def test_the_stock_pipeline_itself_saved_and_loaded_gives_the_same(
    tiny: Path, still: RGB, request_5: MotionRequest, tmp_path: Path
) -> None:
    stock = StableVideoDiffusionPipeline.from_pretrained(tiny, variant="fp16", local_files_only=True)
    stock.save_pretrained(tmp_path / "again")
    before = our_frames(load_svd(tiny, device="cpu", dtype="fp32"), still, request_5)
    after = our_frames(load_svd(tmp_path / "again", device="cpu", dtype="fp32"), still, request_5)
    assert torch.equal(before, after)
