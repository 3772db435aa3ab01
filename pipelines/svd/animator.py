"""Stable Video Diffusion at work: sampling by the diffusers pipeline, decoding frame by frame as they are wanted."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import torch

from pipelines.contract import RGB, Checkpoint, FrameChunk, OnStep, StepEvent, ignore_steps
from pipelines.errors import BadFrames, RequestError
from pipelines.request import MotionRequest
from pipelines.svd.cost import chunk_for
from pipelines.svd.dtype import DtypeChoice
from pipelines.svd.memory import decode_shortage, free_bytes, sampling_shortage, within_memory
from pipelines.svd.preview import preview
from pipelines.svd.quiet import quiet_libraries


class SvdAnimator:
    """A loaded release, ready to animate; made by `pipelines.svd.loading.load_svd`.

    `pipeline` is a `StableVideoDiffusionPipeline` with a `WatchedEuler` as scheduler, on its device, in `choice.dtype`.
    Implements `pipelines.contract.Animator`. Frames equal those of the pipeline called with the same settings.
    """

    def __init__(self, pipeline: Any, choice: DtypeChoice) -> None:
        self.pipeline = pipeline
        self.choice = choice

    def animate(
        self, still: RGB, request: MotionRequest, on_step: OnStep = ignore_steps, resume: Checkpoint | None = None
    ) -> Iterator[FrameChunk]:
        """Chunks in order, each as soon as it is decoded; see `Animator.animate`.

        `request.fps` is the frame rate as people count it; the model is told `fps - 1`, as it was in training.
        Raises `RequestError` for a still of another size, `BadFrames` for values that are not finite, `OutOfMemory`
        with the cheapest remedy, and whatever `on_step` raises: within one step of sampling, or one chunk of decoding.
        """
        _check_still(still, request)
        for start, pictures in self.decode(self.sample(still, request, on_step), request, on_step):
            yield FrameChunk(start, _to_bytes(pictures))

    def sample(self, still: RGB, request: MotionRequest, on_step: OnStep = ignore_steps) -> torch.Tensor:
        """Scaled latents of the clip, `[1, F, 4, H/8, W/8]` in the dtype of the network, on its device; all finite."""
        latents: torch.Tensor = within_memory(
            partial(self._run_pipeline, still, request, on_step),
            sampling_shortage(request, self.pipeline.device),
        )
        return latents

    def decode(
        self, latents: torch.Tensor, request: MotionRequest, on_step: OnStep = ignore_steps
    ) -> Iterator[tuple[int, torch.Tensor]]:
        """Pairs of the first frame's number and the frames, float32 `[n, 3, H, W]` from 0 to 1, on the device.

        `n` is `request.decode_chunk_size`, or what fits for 0; the last chunk may be shorter. Each chunk passes through
        the temporal decoder alone, as in the stock pipeline's `decode_latents`.
        """
        vae = self.pipeline.vae
        chunk = chunk_for(request, free_bytes(self.pipeline.device), vae.dtype.itemsize)
        scaled = 1 / vae.config.scaling_factor * latents[0]
        for start in range(0, request.num_frames, chunk):
            part = scaled[start : start + chunk]
            shortage = decode_shortage(request, self.pipeline.device, len(part))
            pictures = within_memory(partial(self._decode_part, part), shortage)
            self._check_finite(pictures, f"in frame {start + 1} to {start + len(part)}")
            on_step(StepEvent("decode", start + len(part), request.num_frames))
            yield start, self.pipeline.video_processor.denormalize(pictures)

    @quiet_libraries()
    def _run_pipeline(self, still: RGB, request: MotionRequest, on_step: OnStep) -> Any:
        # A run that died while the pipeline had raised the VAE to float32 for encoding left it there.
        self.pipeline.vae.to(dtype=self.choice.dtype)
        low, high = _guidance(request, self.choice.dtype)
        return self.pipeline(
            image=self.pipeline.video_processor.numpy_to_pil(still[None] / 255.0)[0],
            width=request.width,
            height=request.height,
            num_frames=request.num_frames,
            num_inference_steps=request.num_inference_steps,
            min_guidance_scale=low,
            max_guidance_scale=high,
            fps=request.fps,
            motion_bucket_id=request.motion_bucket_id,
            noise_aug_strength=request.noise_aug_strength,
            # Drawn on the CPU, so that a seed gives the same noise on every device.
            generator=torch.Generator("cpu").manual_seed(request.seed),
            output_type="latent",
            callback_on_step_end=partial(self._after_step, request.num_inference_steps, on_step),
            return_dict=False,
        )

    def _after_step(self, total: int, on_step: OnStep, *step: Any) -> dict[str, Any]:
        _, index, _, tensors = step
        self._check_finite(tensors["latents"], f"at step {index + 1} of {total}")
        on_step(StepEvent("sampling", index + 1, total, preview(self.pipeline.scheduler.seen)))
        return {}

    @torch.no_grad()
    def _decode_part(self, part: torch.Tensor) -> torch.Tensor:
        pictures: torch.Tensor = self.pipeline.vae.decode(part, num_frames=len(part)).sample
        return pictures.float()

    def _check_finite(self, values: torch.Tensor, where: str) -> None:
        if torch.isfinite(values).all():
            return
        halves = self.choice.dtype != torch.float32
        remedy = "Load it in fp32, which needs twice the memory." if halves else "Download its weights again."
        raise BadFrames(f"The model produced values that are not finite {where}.", remedy)


def _check_still(still: RGB, request: MotionRequest) -> None:
    if still.shape != (request.height, request.width, 3) or still.dtype != "uint8":
        raise RequestError(
            f"The still is {still.dtype} {still.shape}, not uint8 [{request.height}, {request.width}, 3].",
            "Fit it to the request's width and height first.",
        )


def _guidance(request: MotionRequest, dtype: torch.dtype) -> tuple[float, float]:
    """First and last frame's guidance; both at most 1 where there is none.

    The pipeline asks twice whether there is guidance, before it rounds the scale to `dtype` and after. 1.003 is
    guidance in float32 and none in bfloat16: the embeddings would be doubled and the latents not.
    """
    if torch.tensor(request.max_guidance_scale, dtype=dtype) > 1:
        return request.min_guidance_scale, request.max_guidance_scale
    return min(request.min_guidance_scale, 1.0), 1.0


def _to_bytes(pictures: torch.Tensor) -> RGB:
    """uint8 `[n, H, W, 3]`, rounded as diffusers rounds (`VaeImageProcessor.numpy_to_pil`)."""
    frames: RGB = (pictures.permute(0, 2, 3, 1).cpu().numpy() * 255).round().astype("uint8")
    return frames
