"""The built-in model at work: a still and a request in, warped frames out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipelines.contract import RGB, FrameChunk, OnStep, StepEvent, ignore_steps
from pipelines.errors import BadFrames
from pipelines.pocket.amplitude import speed
from pipelines.pocket.field import FIELD_WIDTH, Edges, Floats, Motion, framing, refine, tame
from pipelines.pocket.grid import PIXELS_PER_CELL, grid_shape, widths_per_unit
from pipelines.pocket.sampling import Conditions, Networks, draw_latents
from pipelines.pocket.warp import Warper
from pipelines.pocket.weights import open_networks
from pipelines.request import MotionRequest
from pipelines.subject import subject_mask

CHUNK = 4
"""Frames rendered at once: 7 MB at 1024 x 576, and a stop is obeyed within 50 ms."""

PREVIEW_FRAMES, PREVIEW_WIDTH = 8, 256
"""Of the moving preview: enough to see where the motion goes, at a few milliseconds a step."""

PREVIEW_EVERY = 3
"""Steps between previews."""

MASK_IN_GUIDE = 0.6
"""Share of the subject mask in the picture that motion edges are drawn to; the rest is luminance."""


def load_pocket(folder: Path) -> PocketAnimator:
    """The built-in model from its pipeline folder."""
    return PocketAnimator(open_networks(folder))


class PocketAnimator:
    """Implements `pipelines.contract.Animator`."""

    def __init__(self, networks: Networks) -> None:
        self.networks = networks

    def animate(self, still: RGB, request: MotionRequest, on_step: OnStep = ignore_steps) -> Iterator[FrameChunk]:
        """Frames of the still in motion; raises `BadFrames` and whatever `on_step` raises."""
        on_step(StepEvent("encode", 0, 1))
        mask = subject_mask(still)
        motion = self.draw_motion(still, mask, request, on_step)
        warper = Warper(still, motion, framing(motion))
        for start in range(0, request.num_frames, CHUNK):
            stop = min(start + CHUNK, request.num_frames)
            yield FrameChunk(start, np.stack([warper.frame(index) for index in range(start, stop)]))
            on_step(StepEvent("decode", stop, request.num_frames))

    def draw_motion(
        self, still: RGB, mask: NDArray[np.float32], request: MotionRequest, on_step: OnStep = ignore_steps
    ) -> Motion:
        """The motion of a clip at `FIELD_WIDTH`, within bounds; `mask` is float `[H, W]` in [0, 1]."""
        generator = torch.Generator().manual_seed(request.seed)
        rows, columns = grid_shape(*still.shape[:2])
        eyes = look_at(still, mask, (rows, columns))
        eyes[:3] += torch.randn(eyes[:3].shape, generator=generator) * request.noise_aug_strength
        noise = torch.randn(1, self.networks.codec.channels, rows, columns, generator=generator)
        watch = self._watcher(still, request, on_step)
        latents = draw_latents(self.networks, conditions_of(request, eyes), noise, request.num_inference_steps, watch)
        if not bool(torch.isfinite(latents).all()):
            raise BadFrames("The model drew a motion that is not finite.", "Try another seed or a lower guidance.")
        return tame(refine(self._motion(latents, request), guide_of(still, mask)), wanted_travel(request))

    def _motion(self, latents: Tensor, request: MotionRequest) -> Motion:
        """Components of latents `[1, C, h, w]` in image widths, with the profiles of each frame."""
        last = request.num_frames - 1
        tau = torch.arange(1, last + 1) / last
        profiles = self.networks.codec.profile(tau) * tau[:, None]
        components = self.networks.codec.decode(latents)[0] * widths_per_unit(*latents.shape[-2:])
        return Motion(components.numpy(), profiles.numpy().astype(np.float32))

    def _watcher(self, still: RGB, request: MotionRequest, on_step: OnStep) -> Callable[[int, Tensor], None]:
        total = request.num_inference_steps
        height = round(PREVIEW_WIDTH * still.shape[0] / still.shape[1])
        small = np.asarray(cv2.resize(still, (PREVIEW_WIDTH, height), interpolation=cv2.INTER_AREA), np.uint8)
        few = request.model_copy(update={"num_frames": PREVIEW_FRAMES})

        def watch(step: int, clean: Tensor) -> None:
            shown = step % PREVIEW_EVERY == 0 or step == total
            preview = _preview(small, self._motion(clean, few), wanted_travel(request)) if shown else None
            on_step(StepEvent("sampling", step, total, preview))

        return watch


def conditions_of(request: MotionRequest, eyes: Tensor) -> Conditions:
    """What the denoiser is told of a request."""
    seconds = (request.num_frames - 1) / request.fps
    return Conditions(eyes, seconds, request.motion_bucket_id, request.noise_aug_strength, request.max_guidance_scale)


def wanted_travel(request: MotionRequest) -> float:
    """RMS displacement in image widths over the whole clip."""
    return speed(request.motion_bucket_id) * (request.num_frames - 1) / request.fps


def look_at(still: RGB, mask: NDArray[np.float32], shape: tuple[int, int]) -> Tensor:
    """The still and its subject at the size that the encoder looks at, float `[4, 8h, 8w]` in [0, 1]."""
    size = (shape[1] * PIXELS_PER_CELL, shape[0] * PIXELS_PER_CELL)
    rgb = cv2.resize(still, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    subject = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
    return torch.from_numpy(np.concatenate([rgb, subject[..., None]], 2)).permute(2, 0, 1).contiguous()


def guide_of(still: RGB, mask: NDArray[np.float32]) -> Floats:
    """The picture whose edges motion follows, float32 `[h, FIELD_WIDTH]` in [0, 1]: subject, and some luminance."""
    size = (FIELD_WIDTH, round(FIELD_WIDTH * still.shape[0] / still.shape[1]))
    luminance = cv2.resize(cv2.cvtColor(still, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA) / 255
    subject = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
    return np.asarray(MASK_IN_GUIDE * subject + (1 - MASK_IN_GUIDE) * luminance, np.float32)


def _preview(small: RGB, motion: Motion, travel: float) -> RGB:
    """Preview frames `[PREVIEW_FRAMES, h, PREVIEW_WIDTH, 3]` of a motion that is still being drawn."""
    rough = motion.scaled(min(travel, PREVIEW_TRAVEL) / max(motion.rms(), 1e-6))
    warper = Warper(small, rough, [Edges(0, 0, 0, 0)] * PREVIEW_FRAMES)
    return np.stack([warper.frame(index) for index in range(PREVIEW_FRAMES)])


PREVIEW_TRAVEL = 0.05
"""Image widths: unfinished motion is not kept from folding, so previews stay below where it would."""
