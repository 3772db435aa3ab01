"""What Stable Video Diffusion costs in memory. Knows no torch: the page asks before anything is loaded.

The figures were counted from live tensors of the full-size network in 16 bit, with fused attention. The activations
grow in proportion to the number of pixels, and to the number of frames that pass through together.
"""

from __future__ import annotations

import math

from pipelines.request import SIZES, MotionRequest

TRAINED_PIXELS = 1024 * 576
"""Pixels of the size that the releases were trained at, and that the figures below were counted at."""

WEIGHTS_BYTES = 4.51e9
"""Bytes of all weights in 16 bit: UNet 3.05 GB, image encoder 1.26 GB, VAE 0.20 GB."""

UNET_BYTES_PER_FRAME = 8.30e9 / 25
"""Bytes of activations per frame of one UNet call with guidance, in 16 bit; without guidance half of it."""

DECODE_BYTES_PER_FRAME = 30.2e9 / 25
"""Bytes of activations per frame that is decoded in one chunk, in 16 bit."""

SIXTEEN_BIT = 2
"""Bytes of a number in 16 bit, the unit of the figures above."""

USABLE_SHARE = 0.9
"""Share of the free memory that a chunk may count on: allocators round up and fragment."""


def uses_guidance(request: MotionRequest) -> bool:
    """Whether the UNet runs twice per step. Guidance of 1 or less changes nothing, so it is left out."""
    return request.max_guidance_scale > 1


def sampling_bytes(request: MotionRequest) -> float:
    """Bytes of activations while sampling, in 16 bit."""
    calls = 1.0 if uses_guidance(request) else 0.5
    return calls * UNET_BYTES_PER_FRAME * request.num_frames * _scale(request)


def decode_bytes(request: MotionRequest, chunk: int) -> float:
    """Bytes of activations while `chunk` frames are decoded together, in 16 bit."""
    return DECODE_BYTES_PER_FRAME * chunk * _scale(request)


def chunk_for(request: MotionRequest, free_bytes: float, itemsize: int = SIXTEEN_BIT) -> int:
    """Frames to decode at once: what the request says, or for 0 the most that fits into `free_bytes`, in equal parts.

    Equal, because the decoder looks at neighbouring frames: 25 frames by 14 would leave 11, by 13 leaves 12.
    `itemsize` is the number of bytes of one number in the VAE. At least 1 and at most `request.num_frames`.
    """
    if request.decode_chunk_size:
        return min(request.decode_chunk_size, request.num_frames)
    per_frame = decode_bytes(request, 1) * itemsize / SIXTEEN_BIT
    fitting = max(1, min(request.num_frames, int(USABLE_SHARE * free_bytes / per_frame)))
    return math.ceil(request.num_frames / math.ceil(request.num_frames / fitting))


def small_size(request: MotionRequest) -> tuple[int, int]:
    """Width and height of the smallest named size, turned as the request is: what to propose where memory is short."""
    short, long = sorted(SIZES["Small"])
    return (long, short) if request.width >= request.height else (short, long)


def _scale(request: MotionRequest) -> float:
    return request.width * request.height / TRAINED_PIXELS
