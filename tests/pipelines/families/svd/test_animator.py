"""Chunks, cancel, conditions, and what happens when numbers or memory go wrong."""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipelines.contract import RGB, Checkpoint, StepEvent
from pipelines.errors import BadFrames, Cancelled, OutOfMemory, RequestError
from pipelines.families.svd.animator import SvdAnimator
from pipelines.families.svd.loading import load_svd
from pipelines.families.svd.networks import MOST_SIZES
from pipelines.request import MotionRequest


class Calls:
    """Counts the calls of a layer and keeps what it was given last."""

    def __init__(self, layer: torch.nn.Module) -> None:
        self.number = 0
        self.last = torch.empty(0)
        layer.register_forward_pre_hook(self._note)

    def _note(self, _: torch.nn.Module, args: tuple[Any, ...]) -> None:
        self.number += 1
        self.last = args[0]


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
    assert told == [("sampling", 1, 2), ("sampling", 2, 2), *(("decode", frame, 4) for frame in (1, 2, 3, 4))]
    previews = [event.preview for event in events[:2]]
    assert all(shown is not None and shown.shape == (4, 8, 8, 3) and shown.dtype == np.uint8 for shown in previews)


@pytest.mark.parametrize("stop_at", [1, 2, 4])
def test_cancel_stops_within_one_step(
    animator: SvdAnimator, still: RGB, request_4: MotionRequest, stop_at: int
) -> None:
    unet, decoder = Calls(animator.pipeline.unet.conv_out), Calls(animator.pipeline.vae.decoder.conv_in)

    def stop(event: StepEvent) -> None:
        if event.step == stop_at:
            raise Cancelled

    plain = {"num_inference_steps": 5, "min_guidance_scale": 1.0, "max_guidance_scale": 1.0}
    with pytest.raises(Cancelled):
        list(animator.animate(still, request_4.model_copy(update=plain), stop))
    assert (unet.number, decoder.number) == (stop_at, 0)


def test_cancel_stops_within_a_frame_of_decoding(animator: SvdAnimator, still: RGB, request_4: MotionRequest) -> None:
    decoder = animator.pipeline.vae.decoder
    first, last = Calls(decoder.conv_in), Calls(decoder.conv_out)

    def stop(event: StepEvent) -> None:
        if event.stage == "decode" and event.step == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        list(animator.animate(still, request_4.model_copy(update={"decode_chunk_size": 1}), stop))
    assert (first.number, last.number) == (4, 0)


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
    told = Calls(animator.pipeline.unet.add_time_proj)
    request = request_4.model_copy(update={"fps": 12, "motion_bucket_id": 200, "noise_aug_strength": 0.25})
    animator.sample(still, request)
    assert told.last.tolist() == [11.0, 200.0, 0.25] * 2


@pytest.mark.parametrize(
    ("changes", "passes"),
    [
        ({"min_guidance_scale": 0.0, "max_guidance_scale": 1.0}, 6),
        ({"min_guidance_scale": 1.0, "max_guidance_scale": 1.0}, 6),
        ({"min_guidance_scale": 1.0, "max_guidance_scale": 1.003}, 12),
        ({"guidance_sigma_low": 1.0, "guidance_sigma_high": 200.0}, 9),
        ({"speed": "turbo"}, 6),
    ],
)
def test_guidance_costs_a_second_pass_only_where_it_acts(
    animator: SvdAnimator, still: RGB, request_4: MotionRequest, changes: dict[str, Any], passes: int
) -> None:
    """Of six steps, three are between noise 1 and 200."""
    frames = Calls(animator.pipeline.unet.conv_out)
    sizes = []
    animator.pipeline.unet.conv_out.register_forward_pre_hook(lambda _, args: sizes.append(len(args[0]) // 4))
    animator.sample(still, request_4.model_copy(update={"num_inference_steps": 6} | changes))
    assert frames.number >= 6
    assert sum(sizes) == passes


def test_a_still_of_another_size_is_refused(animator: SvdAnimator, still: RGB, request_4: MotionRequest) -> None:
    with pytest.raises(RequestError, match=r"not uint8 \[64, 128, 3\]"):
        list(animator.animate(still, request_4.model_copy(update={"width": 128})))


def test_bad_numbers_while_sampling(animator: SvdAnimator, still: RGB, request_4: MotionRequest) -> None:
    animator.pipeline.unet.conv_out.weight.data.fill_(float("nan"))
    with pytest.raises(BadFrames, match=r"not finite at step 2 of 2\. Download its weights again"):
        list(animator.animate(still, request_4))


@pytest.mark.parametrize("number", ["inf", "nan"])
def test_bad_numbers_while_decoding(tiny: Path, still: RGB, request_4: MotionRequest, number: str) -> None:
    animator = load_svd(tiny, device="cpu", dtype="bf16")
    animator.pipeline.vae.decoder.time_conv_out.bias.data.fill_(float(number))
    with pytest.raises(BadFrames, match=r"not finite in frame 1 to 2\. Download its weights again"):
        list(animator.animate(still, request_4.model_copy(update={"decode_chunk_size": 2})))


@pytest.mark.parametrize("layer", ["unet.conv_in", "vae.decoder.conv_out"])
def test_numbers_that_overflow_in_16_bit_are_computed_in_32(
    tiny: Path, still: RGB, request_4: MotionRequest, layer: str
) -> None:
    animator = load_svd(tiny, device="cpu", dtype="bf16")
    wanted = frames_of(load_svd(tiny, device="cpu", dtype="fp32"), still, request_4)

    def overflow(_: torch.nn.Module, __: Any, output: torch.Tensor) -> torch.Tensor | None:
        return None if output.dtype == torch.float32 else output * float("inf")

    hook = attrgetter(layer)(animator.pipeline).register_forward_hook(overflow)
    events: list[StepEvent] = []
    frames = np.concatenate([chunk.frames for chunk in animator.animate(still, request_4, events.append)])
    assert np.abs(frames.astype(int) - wanted).mean() < 3
    assert [event.note for event in events if event.note] == [
        "The model's numbers overflowed in 16 bit: going on in 32 bit."
    ]
    hook.remove()
    frames_of(animator, still, request_4)
    assert animator.networks.dtype == torch.bfloat16, "the next run is as fast as ever"


class Shortages:
    """A layer that finds no memory the first `times` times from its call number `after` on."""

    def __init__(self, layer: torch.nn.Module, times: int, after: int = 0) -> None:
        self.times, self.after = times, after
        layer.register_forward_pre_hook(self._fail)

    def _fail(self, *_: Any) -> None:
        self.after -= 1
        if self.after < 0 and self.times:
            self.times -= 1
            raise RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory")


@pytest.mark.parametrize(("layer", "after"), [("unet.conv_out", 2), ("vae.decoder.conv_out", 1)])
def test_a_run_that_finds_no_memory_goes_on_from_where_it_was(
    animator: SvdAnimator, still: RGB, request_4: MotionRequest, layer: str, after: int
) -> None:
    request = request_4.model_copy(update={"num_inference_steps": 4, "decode_chunk_size": 2})
    wanted = frames_of(animator, still, request)
    part = attrgetter(layer)(animator.pipeline)
    calls, _ = Calls(part), Shortages(part, times=2, after=after)
    events: list[StepEvent] = []
    chunks = list(animator.animate(still, request, events.append))
    frames = np.concatenate([chunk.frames for chunk in chunks])
    assert np.abs(frames.astype(int) - wanted).max() <= 1
    assert [chunk.start for chunk in chunks] == sorted({chunk.start for chunk in chunks})
    notes = [event.note for event in events if event.note]
    assert len(notes) == len(set(notes)) == 2
    assert all(note.startswith("Memory ran out: going on with guidance in two passes") for note in notes)
    steps = [event.step for event in events if event.stage == "sampling" and not event.note]
    assert steps == [1, 2, 3, 4], "no step is done twice"
    assert calls.number > after


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        ("unet.conv_in", r"Not enough memory for 4 frames at 64x64\. Set num_frames to 2\."),
        ("vae.decoder.conv_in", r"Not enough memory to decode 4 frames of 64x64\. Set num_frames to 2\."),
    ],
)
def test_out_of_memory_names_the_cheapest_remedy(
    animator: SvdAnimator, still: RGB, request_4: MotionRequest, layer: str, words: str
) -> None:
    Shortages(attrgetter(layer)(animator.pipeline), times=99)
    with pytest.raises(OutOfMemory, match=words) as caught:
        list(animator.animate(still, request_4))
    assert caught.value.__context__ is None, "the failed call's tensors would be kept alive"


def test_other_runtime_errors_pass(animator: SvdAnimator, still: RGB, request_4: MotionRequest) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    animator.pipeline.unet.conv_in.register_forward_pre_hook(fail)
    with pytest.raises(RuntimeError, match="illegal memory access"):
        list(animator.animate(still, request_4))


@pytest.mark.parametrize("changes", [{}, {"solver": "dpm"}, {"speed": "turbo"}, {"speed": "faster"}])
def test_a_run_goes_on_from_any_checkpoint_to_the_same_frames(
    animator: SvdAnimator, still: RGB, request_4: MotionRequest, changes: dict[str, Any]
) -> None:
    request = request_4.model_copy(update={"num_inference_steps": 4} | changes)
    kept: list[Checkpoint] = []

    def keep(event: StepEvent) -> None:
        if event.checkpoint is not None:
            kept.append(event.checkpoint())

    wanted = np.concatenate([chunk.frames for chunk in animator.animate(still, request, keep)])
    assert [copy.step for copy in kept] == ([2, 4] if changes.get("speed") == "faster" else [1, 2, 3, 4])
    for copy in kept:
        assert all(array.dtype == np.float32 for array in copy.arrays.values())
        again = list(animator.animate(still, request, resume=copy))
        assert np.array_equal(np.concatenate([chunk.frames for chunk in again]), wanted)


def test_a_checkpoint_of_another_format_or_device_is_begun_again(
    animator: SvdAnimator, still: RGB, request_4: MotionRequest
) -> None:
    kept: list[Checkpoint] = []
    wanted = frames_of(animator, still, request_4)
    animator.sample(still, request_4, lambda event: kept.append(event.checkpoint()))
    assert kept[0].made_by == "torch.float32 on cpu"
    events: list[StepEvent] = []
    foreign = replace(kept[0], made_by="torch.float16 on cuda")
    again = np.concatenate([chunk.frames for chunk in animator.animate(still, request_4, events.append, foreign)])
    assert np.array_equal(again, wanted)
    assert events[0].note == "Begun again: what was kept of this run was made in torch.float16 on cuda."
    assert next(event.step for event in events if event.stage == "sampling" and not event.note) == 1


def test_as_many_sizes_are_compiled_as_torch_bears(tiny: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STILLMOTION_DATA", str(tmp_path))
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("STILLMOTION_COMPILE", "eager")
    networks = load_svd(tiny, device="cpu", dtype="fp32").networks
    sizes = [MotionRequest(num_frames=2, width=64, height=64 * (number + 1)) for number in range(MOST_SIZES + 1)]
    assert all(networks.expect(size) for size in sizes[:-1])
    assert not networks.expect(sizes[0]), "it is there already"
    assert networks.expect(sizes[-1])
    assert networks.expect(sizes[0]), "the others were forgotten for it"


def test_a_finished_sampling_is_only_decoded(animator: SvdAnimator, still: RGB, request_4: MotionRequest) -> None:
    kept: list[Checkpoint] = []
    animator.sample(still, request_4, lambda event: kept.append(event.checkpoint()))
    unet = Calls(animator.pipeline.unet.conv_in)
    smaller = request_4.model_copy(update={"decode_chunk_size": 1})
    assert len(list(animator.animate(still, smaller, resume=kept[-1]))) == 4
    assert unet.number == 0


def test_a_black_clip_is_told(animator: SvdAnimator, still: RGB, request_4: MotionRequest) -> None:
    last = animator.pipeline.vae.decoder.time_conv_out
    last.weight.data.zero_()
    last.bias.data.fill_(-1.0)
    events: list[StepEvent] = []
    chunks = list(animator.animate(still, request_4, events.append))
    assert sum(len(chunk.frames) for chunk in chunks) == 4
    assert events[-1].note == "The clip is black: draw another seed, or load the model in fp32."


def test_compiled_passes_give_the_same_clip(
    tiny: Path, still: RGB, request_4: MotionRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By a backend that needs no compiler; it traces the same graph, whole."""
    monkeypatch.setenv("STILLMOTION_DATA", str(tmp_path))
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    wanted = frames_of(load_svd(tiny, device="cpu", dtype="fp32"), still, request_4)
    monkeypatch.setenv("STILLMOTION_COMPILE", "aot_eager")
    events: list[StepEvent] = []
    chunks = load_svd(tiny, device="cpu", dtype="fp32").animate(still, request_4, events.append)
    frames = np.concatenate([chunk.frames for chunk in chunks])
    assert np.abs(frames.astype(int) - wanted).max() <= 1
    assert any("compiles the model" in event.note for event in events)
