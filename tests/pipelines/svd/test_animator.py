"""Chunks, cancel, conditions, and what happens when numbers or memory go wrong."""

from __future__ import annotations

from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipelines.contract import RGB, StepEvent
from pipelines.errors import BadFrames, Cancelled, OutOfMemory, RequestError
from pipelines.request import MotionRequest
from pipelines.svd.animator import SvdAnimator
from pipelines.svd.loading import load_svd


class Calls:
    """Counts the forward calls of a module and keeps the arguments of the last."""

    def __init__(self, module: torch.nn.Module) -> None:
        self.number = 0
        self.last: dict[str, Any] = {}
        self.batch = 0
        module.register_forward_pre_hook(self._note, with_kwargs=True)

    def _note(self, _: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.number += 1
        self.last = kwargs
        self.batch = len(args[0])


def frames_of(animator: SvdAnimator, still: RGB, request: MotionRequest) -> RGB:
    return np.concatenate([chunk.frames for chunk in animator.animate(still, request)])


@pytest.mark.parametrize(
    ("size", "starts"), [(1, [0, 1, 2, 3]), (2, [0, 2]), (3, [0, 3]), (4, [0]), (9, [0]), (0, [0])]
)
def test_chunks_are_in_order_and_cover_the_clip(
    animator: SvdAnimator, still: RGB, request_4: MotionRequest, size: int, starts: list[int]
) -> None:
    chunks = list(animator.animate(still, request_4.model_copy(update={"decode_chunk_size": size})))
    assert [chunk.start for chunk in chunks] == starts
    assert sum(len(chunk.frames) for chunk in chunks) == 4
    assert all(chunk.frames.dtype == np.uint8 and chunk.frames.shape[1:] == (64, 64, 3) for chunk in chunks)


def test_every_step_is_reported_with_a_preview(animator: SvdAnimator, still: RGB, request_4: MotionRequest) -> None:
    events: list[StepEvent] = []
    list(animator.animate(still, request_4.model_copy(update={"decode_chunk_size": 3}), events.append))
    told = [(event.stage, event.step, event.total) for event in events]
    assert told == [("sampling", 1, 2), ("sampling", 2, 2), ("decode", 3, 4), ("decode", 4, 4)]
    previews = [event.preview for event in events[:2]]
    assert all(shown is not None and shown.shape == (4, 8, 8, 3) and shown.dtype == np.uint8 for shown in previews)


@pytest.mark.parametrize("stop_at", [1, 2, 4])
def test_cancel_stops_within_one_step(
    animator: SvdAnimator, still: RGB, request_4: MotionRequest, stop_at: int
) -> None:
    unet, decoder = Calls(animator.pipeline.unet), Calls(animator.pipeline.vae.decoder)

    def stop(event: StepEvent) -> None:
        if event.step == stop_at:
            raise Cancelled

    with pytest.raises(Cancelled):
        list(animator.animate(still, request_4.model_copy(update={"num_inference_steps": 5}), stop))
    assert (unet.number, decoder.number) == (stop_at, 0)


def test_cancel_stops_within_one_chunk(animator: SvdAnimator, still: RGB, request_4: MotionRequest) -> None:
    decoder = Calls(animator.pipeline.vae.decoder)

    def stop(event: StepEvent) -> None:
        if event.stage == "decode" and event.step == 2:
            raise Cancelled

    seen = []
    with pytest.raises(Cancelled):
        for chunk in animator.animate(still, request_4.model_copy(update={"decode_chunk_size": 1}), stop):
            seen.append(chunk.start)
    assert (decoder.number, seen) == (2, [0])


def test_a_cancelled_model_works_again(animator: SvdAnimator, still: RGB, request_4: MotionRequest) -> None:
    before = frames_of(animator, still, request_4)

    def stop(event: StepEvent) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        list(animator.animate(still, request_4, stop))
    assert np.array_equal(frames_of(animator, still, request_4), before)


def test_a_seed_is_a_clip(animator: SvdAnimator, still: RGB, request_4: MotionRequest) -> None:
    clip = frames_of(animator, still, request_4)
    assert np.array_equal(clip, frames_of(animator, still, request_4))
    assert not np.array_equal(clip, frames_of(animator, still, request_4.model_copy(update={"seed": 8})))


def test_conditions_reach_the_unet(animator: SvdAnimator, still: RGB, request_4: MotionRequest) -> None:
    unet = Calls(animator.pipeline.unet)
    request = request_4.model_copy(update={"fps": 12, "motion_bucket_id": 200, "noise_aug_strength": 0.25})
    animator.sample(still, request)
    assert unet.last["added_time_ids"].tolist() == [[11.0, 200.0, 0.25]] * 2


@pytest.mark.parametrize(("scales", "batch"), [((0.0, 1.0), 1), ((1.0, 1.0), 1), ((1.0, 1.1), 2)])
def test_no_guidance_runs_once_per_step(
    animator: SvdAnimator, still: RGB, request_4: MotionRequest, scales: tuple[float, float], batch: int
) -> None:
    unet = Calls(animator.pipeline.unet)
    low, high = scales
    animator.sample(still, request_4.model_copy(update={"min_guidance_scale": low, "max_guidance_scale": high}))
    assert unet.batch == batch


def test_guidance_that_rounds_to_none(tiny: Path, still: RGB, request_4: MotionRequest) -> None:
    animator = load_svd(tiny, device="cpu", dtype="bf16")
    request = request_4.model_copy(update={"min_guidance_scale": 1.0, "max_guidance_scale": 1.003})
    assert frames_of(animator, still, request).shape == (4, 64, 64, 3)


def test_a_still_of_another_size_is_refused(animator: SvdAnimator, still: RGB, request_4: MotionRequest) -> None:
    with pytest.raises(RequestError, match=r"not uint8 \[64, 128, 3\]"):
        list(animator.animate(still, request_4.model_copy(update={"width": 128})))


def test_bad_numbers_while_sampling(animator: SvdAnimator, still: RGB, request_4: MotionRequest) -> None:
    animator.pipeline.unet.conv_out.weight.data.fill_(float("nan"))
    with pytest.raises(BadFrames, match=r"not finite at step 1 of 2\. Download its weights again"):
        list(animator.animate(still, request_4))


@pytest.mark.parametrize("number", ["inf", "nan"])
def test_bad_numbers_while_decoding(tiny: Path, still: RGB, request_4: MotionRequest, number: str) -> None:
    animator = load_svd(tiny, device="cpu", dtype="bf16")
    animator.pipeline.vae.decoder.time_conv_out.bias.data.fill_(float(number))
    with pytest.raises(BadFrames, match=r"not finite in frame 1 to 2\. Load it in fp32"):
        list(animator.animate(still, request_4.model_copy(update={"decode_chunk_size": 2})))


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("unet", r"Not enough memory for 4 frames at 64x64\. Set num_frames to 2\."),
        ("vae.decoder", r"Not enough memory to decode 4 frames of 64x64 at once\. Set decode_chunk_size to 2\."),
    ],
)
def test_out_of_memory_names_the_cheapest_remedy(
    animator: SvdAnimator, still: RGB, request_4: MotionRequest, part: str, words: str
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory")

    attrgetter(part)(animator.pipeline).register_forward_pre_hook(fail)
    with pytest.raises(OutOfMemory, match=words) as caught:
        list(animator.animate(still, request_4))
    assert caught.value.__context__ is None, "the failed call's tensors would be kept alive"


def test_other_runtime_errors_pass(animator: SvdAnimator, still: RGB, request_4: MotionRequest) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    animator.pipeline.unet.register_forward_pre_hook(fail)
    with pytest.raises(RuntimeError, match="illegal memory access"):
        list(animator.animate(still, request_4))
