"""How a run is fitted into memory: what is done together, what is done twice, and what waits elsewhere.

Every plan gives the same clip, up to rounding. Knows no torch: the page asks before anything is loaded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipelines.families.svd import cost
from pipelines.families.svd.controls import Controls
from pipelines.request import MotionRequest, asked

SIXTEEN_BIT = 2
"""Bytes of a number in 16 bit, the unit of the figures in `cost`."""

SLACK = 1.1
"""Factor for what an allocator rounds up and fragments, on top of what is counted tensor by tensor."""

CUDA_CONTEXT_BYTES = 0.5e9
"""Bytes that the driver and torch's libraries take on a GPU before the first tensor."""

MOST_DESCENTS = 3
"""Cheaper plans that are tried after the first. Beyond them, something other than this run takes the memory."""


@dataclass(frozen=True)
class Plan:
    """One way to run a request, cheaper in memory and dearer in time with each flag that is set.

    `split` runs the branches of guidance one after the other; `frugal` decodes with a fortieth of the work done twice;
    `by_turns` keeps only the part of the model that is at work on the device; `parked` lets frames wait in main memory;
    `streamed` brings the weights of the UNet layer by layer. `chunk` frames are decoded at once.
    """

    chunk: int
    split: bool = False
    frugal: bool = False
    by_turns: bool = False
    parked: bool = False
    streamed: bool = False

    def __str__(self) -> str:
        """What is set, in words for the person; "all at once" where nothing is."""
        words = {
            "split": "guidance in two passes",
            "frugal": "decoding with parts of it twice",
            "by_turns": "each part of the model on the GPU in its turn",
            "parked": "frames waiting in main memory",
            "streamed": "the weights brought layer by layer",
        }
        return ", ".join(text for name, text in words.items() if getattr(self, name)) or "all at once"


@dataclass(frozen=True)
class Estimate:
    """What a plan takes: bytes of memory at most, and operations of floating point."""

    peak_bytes: float
    flops: float


def plans_for(request: MotionRequest, kind: cost.Kind) -> list[Plan]:
    """All plans for a request, each cheaper in memory than the one before. A CPU has nowhere else to put things."""
    first = Plan(cost.chunk_for(request, kind))
    split = replace(first, split=True)
    single = replace(split, chunk=1)  # of many frames at once, doing some twice takes more memory than keeping them
    frugal = replace(single, frugal=True)
    by_turns = replace(frugal, by_turns=True)
    parked = replace(by_turns, parked=True)
    if kind == "cpu":  # its caches hold half of a pass better than a whole one: split is the fastest as well
        return list(dict.fromkeys([split, single, frugal]))
    return list(dict.fromkeys([first, split, single, frugal, by_turns, parked, replace(parked, streamed=True)]))


def estimate(plan: Plan, request: MotionRequest, itemsize: int = SIXTEEN_BIT) -> Estimate:
    """What `plan` takes for `request`, weights included; `itemsize` is the number of bytes of one number."""
    wide = itemsize / SIXTEEN_BIT
    unet = cost.STREAMED_BYTES if plan.streamed else cost.UNET_BYTES * wide
    resident = 0.0 if plan.by_turns else cost.WEIGHTS_BYTES * wide
    phases = (
        (unet if plan.by_turns else 0) + sampling_bytes(plan, request) * wide,
        (cost.VAE_BYTES * wide if plan.by_turns else 0) + decode_bytes(plan, request) * wide,
        (cost.CLIP_BYTES + cost.VAE_BYTES if plan.by_turns else 0) * wide
        + cost.ENCODE_BYTES * cost.frame_scale(request),
    )
    return Estimate(SLACK * (resident + max(phases)), flops(plan, request))


def sampling_bytes(plan: Plan, request: MotionRequest) -> float:
    """Bytes of activations while sampling, in 16 bit."""
    together = cost.uses_guidance(request) and not plan.split
    return (cost.BOTH_BRANCHES_BYTES if together else cost.SAMPLING_BYTES) * cost.scale(request)


def decode_bytes(plan: Plan, request: MotionRequest) -> float:
    """Bytes of activations while decoding, in 16 bit."""
    waiting = 0.0 if plan.parked else cost.WAITING_BYTES
    if plan.frugal:
        at_once = cost.FRUGAL_BYTES_PER_FRAME * (plan.chunk + 0.5)
    else:
        at_once = cost.KEPT_BYTES_PER_FRAME * plan.chunk
        waiting += cost.KEPT_BYTES
    return at_once * cost.frame_scale(request) + waiting * cost.scale(request)


def flops(plan: Plan, request: MotionRequest) -> float:
    """Operations of a run: encoding of a draft, sampling and decoding, next to which encoding the still is nothing."""
    passes = (2 if cost.uses_guidance(request) else 1) * cost.sides(request)
    sampling = cost.SAMPLING_FLOPS * passes * request.num_inference_steps
    if asked(request, Controls).speed == "faster":
        sampling *= (1 + cost.SHALLOW_FLOPS / cost.SAMPLING_FLOPS) / 2
    decoding = cost.FRUGAL_DECODE_FLOPS if plan.frugal else cost.DECODE_FLOPS
    encoding = cost.ENCODE_FLOPS * cost.COUNTED_FRAMES if cost.is_guided(request) else 0.0
    return (encoding + sampling + decoding) * cost.scale(request)


def choose(request: MotionRequest, kind: cost.Kind, free_bytes: float, itemsize: int = SIXTEEN_BIT) -> int:
    """The number, in `plans_for`, of the first plan that fits into `free_bytes`, weights included; else of the last."""
    plans = plans_for(request, kind)
    fitting = (i for i, plan in enumerate(plans) if estimate(plan, request, itemsize).peak_bytes <= free_bytes)
    return next(fitting, len(plans) - 1)


def fitting_change(request: MotionRequest, kind: cost.Kind, free_bytes: float) -> str:
    """The cheapest change of the request that would fit, as a remedy; empty where none does.

    In this order: a smaller picture, which keeps every frame; fewer frames; both.
    """
    width, height = cost.small_size(request)
    fewer = max(2, request.num_frames // 2)
    changes = {
        f"A size of {width}x{height} would fit.": {"width": width, "height": height},
        f"{fewer} frames would fit.": {"num_frames": fewer},
        f"{fewer} frames of {width}x{height} would fit.": {"width": width, "height": height, "num_frames": fewer},
    }
    for remedy, change in changes.items():
        smaller = request.model_copy(update=change)
        if estimate(plans_for(smaller, kind)[-1], smaller).peak_bytes <= free_bytes:
            return remedy
    return ""
