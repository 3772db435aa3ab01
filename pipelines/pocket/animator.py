"""The built-in model at work: a still and a request in, warped frames out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipelines.contract import RGB, Checkpoint, FrameChunk, OnStep, StepEvent, ignore_steps
from pipelines.errors import BadFrames
from pipelines.pocket.amplitude import speed
from pipelines.pocket.codec import MotionCodec
from pipelines.pocket.framing import Edges, framing
from pipelines.pocket.grid import PIXELS_PER_CELL, grid_shape, latent_shape, widths_per_unit
from pipelines.pocket.guard import tame
from pipelines.pocket.layers import Floats, enlarge, outline, skyline
from pipelines.pocket.motion import LayeredMotion, Motion, field_shape
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


def load_pocket(folder: Path) -> PocketAnimator:
    """The built-in model from its pipeline folder."""
    return PocketAnimator(open_networks(folder))


class PocketAnimator:
    """Implements `pipelines.contract.Animator`."""

    def __init__(self, networks: Networks) -> None:
        self.networks = networks

    def animate(
        self, still: RGB, request: MotionRequest, on_step: OnStep = ignore_steps, resume: Checkpoint | None = None
    ) -> Iterator[FrameChunk]:
        """Frames of the still in motion; raises `BadFrames` and whatever `on_step` raises.

        A run takes a second or two and gives no checkpoints: it always begins anew, and ends in the same frames.
        """
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
        shape = grid_shape(*still.shape[:2])
        eyes = look_at(still, mask, shape)
        drawn = _Drawing(self.networks.codec, eyes.numpy()[3:].copy(), request)
        eyes[:3] += torch.randn(eyes[:3].shape, generator=generator) * request.noise_aug_strength
        noise = torch.randn(1, self.networks.codec.channels, *latent_shape(*shape), generator=generator)
        watch = _Watcher(still, drawn, on_step)
        latents = draw_latents(self.networks, conditions_of(request, eyes), noise, request.num_inference_steps, watch)
        if not bool(torch.isfinite(latents).all()):
            raise BadFrames("The model drew a motion that is not finite.", "Try another seed or a lower guidance.")
        return tame(drawn.motion(latents, request.num_frames), wanted_travel(request))


@dataclass(frozen=True)
class _Drawing:
    """Turns latents into layered motion; `outlines [2, H, W]` are subject and relief as the model sees them."""

    codec: MotionCodec
    outlines: Floats
    request: MotionRequest

    def motion(self, latents: Tensor, num_frames: int) -> LayeredMotion:
        """Layers of latents `[1, C, h, w]` at `field_shape`, in image widths, with the profile of each frame."""
        tau = torch.arange(1, num_frames) / (num_frames - 1)
        profiles = (self.codec.profile(tau) * tau[:, None]).numpy().astype(np.float32)
        shape = field_shape(self.request.width, self.request.height)
        subject, relief = (cv2.resize(m, shape[::-1], interpolation=cv2.INTER_LINEAR) for m in self.outlines)
        canonical = self.codec.decode(latents)[0].numpy()
        layers = enlarge(canonical, shape) * np.float32(widths_per_unit(*latents.shape[-2:]))
        layers[1:] *= freedom(self.request.noise_aug_strength)
        return LayeredMotion(layers, relief, subject, profiles)


class _Watcher:
    """Reports sampling steps, some with a moving preview."""

    def __init__(self, still: RGB, drawn: _Drawing, on_step: OnStep) -> None:
        height = round(PREVIEW_WIDTH * still.shape[0] / still.shape[1])
        self.small = np.asarray(cv2.resize(still, (PREVIEW_WIDTH, height), interpolation=cv2.INTER_AREA), np.uint8)
        self.drawn, self.on_step = drawn, on_step

    def __call__(self, step: int, clean: Tensor) -> None:
        total = self.drawn.request.num_inference_steps
        shown = step % PREVIEW_EVERY == 0 or step == total
        self.on_step(StepEvent("sampling", step, total, self._preview(clean) if shown else None))

    def _preview(self, clean: Tensor) -> RGB:
        """Frames `[PREVIEW_FRAMES, h, PREVIEW_WIDTH, 3]` of a motion that is still being drawn."""
        layered = self.drawn.motion(clean, PREVIEW_FRAMES)
        motion = layered.joined(layered.widest())
        travel = min(wanted_travel(self.drawn.request), PREVIEW_TRAVEL)
        warper = Warper(self.small, motion.of_unit_travel().scaled(travel), [NOTHING_CUT] * PREVIEW_FRAMES)
        return np.stack([warper.frame(index) for index in range(PREVIEW_FRAMES)])


def conditions_of(request: MotionRequest, eyes: Tensor) -> Conditions:
    """What the denoiser is told of a request."""
    return Conditions(
        eyes,
        imagined_seconds(request),
        request.motion_bucket_id,
        request.noise_aug_strength,
        request.max_guidance_scale,
    )


def wanted_travel(request: MotionRequest) -> float:
    """Mean displacement in image widths over the whole clip."""
    return speed(request.motion_bucket_id) * imagined_seconds(request)


def imagined_seconds(request: MotionRequest) -> float:
    """Seconds from the first frame to the last at the motion fps, whatever rate the file plays at."""
    return (request.num_frames - 1) / request.fps


def freedom(noise_aug_strength: float) -> float:
    """How freely things part from their backdrop: 1 where the noise is `USUAL_NOISE`, more where it is stronger.

    The network hardly heeds the noise that it was trained with, so the control acts on its layers as well.
    """
    return 1 + FREEDOM_PER_NOISE * (noise_aug_strength - USUAL_NOISE)


def look_at(still: RGB, mask: NDArray[np.float32], shape: tuple[int, int]) -> Tensor:
    """What the encoder looks at, float `[EYES, 8h, 8w]` in [0, 1], for a field of `shape` cells."""
    size = (shape[1] * PIXELS_PER_CELL, shape[0] * PIXELS_PER_CELL)
    small = np.asarray(cv2.resize(still, size, interpolation=cv2.INTER_AREA), np.uint8)
    subject = outline(np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), np.float32))
    eyes = np.concatenate([small.astype(np.float32) / 255, subject[..., None], skyline(small)[..., None]], 2)
    return torch.from_numpy(eyes).permute(2, 0, 1).contiguous()


PREVIEW_TRAVEL = 0.05
"""Image widths: unfinished motion is not kept from folding, so previews stay below where it would."""

NOTHING_CUT = Edges(0.0, 0.0, 0.0, 0.0)

USUAL_NOISE = float(MotionRequest.model_fields["noise_aug_strength"].default)
"""Noise at which the layers are taken as they were drawn."""

FREEDOM_PER_NOISE = 2.0
"""At the strongest noise, a subject moves three times as far against its backdrop; the guard keeps it from tearing."""
