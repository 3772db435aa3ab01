"""What Stable Video Diffusion costs in memory and work. Knows no torch: the page asks before anything is loaded.

The figures were counted from live tensors and operations of the full-size network in 16 bit, with fused attention, at
25 frames of 1024x576; `python -m benchmarks.svd` counts them again. Both grow in proportion to pixels and frames.
"""

from __future__ import annotations

from typing import Literal

from pipelines.families.svd.controls import Controls
from pipelines.request import MotionRequest, asked
from pipelines.shapes import SIZES

Kind = Literal["cpu", "gpu"]

TRAINED_PIXELS = 1024 * 576
"""Pixels of the size that the releases were trained at, and that the figures below were counted at."""

CACHED_PIXELS = 4 * 256 * 192
"""Pixels that a CPU decodes fastest at once: four frames of 256x192 take a third less time than one or twelve."""

COUNTED_FRAMES = 25
"""Frames that the figures below were counted at."""

UNET_BYTES = 2.95e9
"""Bytes of the UNet's weights in 16 bit, without those that no pass looks at."""

CLIP_BYTES = 1.26e9
"""Bytes of the image encoder's weights in 16 bit."""

VAE_BYTES = 0.20e9
"""Bytes of the VAE's weights in 16 bit."""

WEIGHTS_BYTES = UNET_BYTES + CLIP_BYTES + VAE_BYTES
"""Bytes of all weights in 16 bit."""

STREAMED_BYTES = 0.4e9
"""Bytes of UNet weights that are on the device at once when they come layer by layer: the largest layers, twice."""

SAMPLING_BYTES = 2.06e9
"""Bytes of activations of one UNet pass for one branch of guidance, feed-forwards in parts."""

BOTH_BRANCHES_BYTES = 4.42e9
"""Bytes of activations of one UNet pass for both branches of guidance together."""

WAITING_BYTES = 3.78e9
"""Bytes of all frames of a clip between two layers of the decoder, at their largest."""

FRUGAL_BYTES_PER_FRAME = 0.906e9
"""Bytes of activations per frame that is decoded at once, on top of what waits; the first takes half a frame more."""

KEPT_BYTES = 4.38e9
"""Bytes more that wait for a decoder that computes nothing twice."""

KEPT_BYTES_PER_FRAME = 0.302e9
"""Bytes of its activations per frame that is decoded at once."""

ENCODE_BYTES = 1.51e9
"""Bytes of activations while the still is encoded, which is done in 32 bit."""

ENCODE_FLOPS = 2.61e12
"""Operations of encoding a frame, of which the still is one; a draft of the motion has as many as the clip."""

SAMPLING_FLOPS = 76.95e12
"""Operations of one UNet pass for one branch of guidance."""

SHALLOW_FLOPS = 6.56e12
"""Operations of such a pass that computes the outermost layers only."""

DECODE_FLOPS = 173.57e12
"""Operations of decoding a clip."""

FRUGAL_DECODE_FLOPS = 177.92e12
"""Operations of decoding a clip where some of it is computed twice."""

LOOK_FLOPS = 7.92e12
"""Operations of drawing a clip with TAESD for a preview."""


DRAFT_STEPS = 1
"""Steps that a draft of the motion is worth, where one is drawn and encoded before a run: about 0.4 by operations, but
in 32 bit, and the drawing is done on the CPU."""


def uses_guidance(request: MotionRequest) -> bool:
    """Whether the UNet runs twice per step.

    Guidance of 1 or less changes nothing, so it is left out, and distilled weights have theirs built in.
    """
    return request.max_guidance_scale > 1 and asked(request, Controls).speed != "turbo"


ENDS = frozenset({"stills", "loop"})
"""Parts of a direction that say how a clip ends."""


def is_guided(request: MotionRequest) -> bool:
    """Whether a draft of the motion is drawn and encoded before the run, frame by frame."""
    return bool(request.direction.parts - ENDS)


def sides(request: MotionRequest) -> int:
    """From how many ends of the clip each step is taken: both where it is said how it ends."""
    return 2 if request.direction.parts & ENDS else 1


def chunk_for(request: MotionRequest, kind: Kind) -> int:
    """Frames to decode at once: what the request says, or for 0 what is fastest. Any number gives the same clip.

    As many as make up one of the trained size keep a GPU busy; more only take more memory. A CPU's caches hold less.
    """
    busy = (TRAINED_PIXELS if kind == "gpu" else CACHED_PIXELS) // (request.width * request.height)
    return max(1, min(request.decode_chunk_size or busy, request.num_frames))


def scale(request: MotionRequest) -> float:
    """Size of the clip in units of what the figures above were counted at."""
    return frame_scale(request) * request.num_frames / COUNTED_FRAMES


def frame_scale(request: MotionRequest) -> float:
    """Size of a frame in units of the trained size."""
    return request.width * request.height / TRAINED_PIXELS


def small_size(request: MotionRequest) -> tuple[int, int]:
    """Width and height of the smallest named size, turned as the request is: what to propose where memory is short."""
    short, long = sorted(SIZES["Small"])
    return (long, short) if request.width >= request.height else (short, long)
