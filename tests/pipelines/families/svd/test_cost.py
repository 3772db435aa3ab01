"""The arithmetic of memory: what a run takes, which plan it gets, and what would fit."""

from __future__ import annotations

import pytest
import torch

from pipelines.direction import direction_of
from pipelines.families.svd import cost
from pipelines.families.svd.memory import decode_shortage, sampling_shortage, usable_bytes
from pipelines.families.svd.plan import Plan, choose, decode_bytes, estimate, fitting_change, plans_for, sampling_bytes
from pipelines.request import MotionRequest
from pipelines.shortage import is_out_of_memory

XT = MotionRequest(num_frames=25)
FOURTEEN = XT.model_copy(update={"num_frames": 14})
SMALL = FOURTEEN.model_copy(update={"width": 576, "height": 320})


def test_the_chunk_is_what_was_asked_for_or_one_large_picture() -> None:
    assert cost.chunk_for(XT.model_copy(update={"decode_chunk_size": 8}), "gpu") == 8
    assert cost.chunk_for(XT.model_copy(update={"decode_chunk_size": 99}), "cpu") == 25
    assert cost.chunk_for(XT, "gpu") == 1
    assert cost.chunk_for(XT.model_copy(update={"width": 2048, "height": 1024}), "gpu") == 1
    assert cost.chunk_for(SMALL, "gpu") == 3
    assert cost.chunk_for(SMALL, "cpu") == 1
    assert cost.chunk_for(SMALL.model_copy(update={"width": 256, "height": 192}), "cpu") == 4


def test_costs_follow_frames_pixels_and_guidance() -> None:
    split, together = Plan(chunk=1, split=True, frugal=True), Plan(chunk=1)
    assert sampling_bytes(split, XT) == pytest.approx(2.06e9)
    assert sampling_bytes(together, XT) == pytest.approx(4.42e9)
    assert sampling_bytes(together, XT.model_copy(update={"max_guidance_scale": 1.0})) == pytest.approx(2.06e9)
    assert sampling_bytes(split, SMALL) == pytest.approx(2.06e9 * 14 / 25 * 320 * 576 / (576 * 1024))
    assert decode_bytes(split, XT) == pytest.approx(5.13e9, rel=0.01)


def test_distilled_weights_run_once_a_step() -> None:
    turbo = XT.model_copy(update={"speed": "turbo", "num_inference_steps": 4})
    plain = turbo.model_copy(update={"speed": "exact", "max_guidance_scale": 1.0, "min_guidance_scale": 1.0})
    assert estimate(Plan(chunk=1), turbo) == estimate(Plan(chunk=1), plain)


@pytest.mark.parametrize(
    "words", ["CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`", "cuDNN error: CUDNN_STATUS_ALLOC_FAILED"]
)
def test_a_library_without_room_is_a_shortage(words: str) -> None:
    assert is_out_of_memory(RuntimeError(words))


@pytest.mark.parametrize("request_", [XT, FOURTEEN, SMALL, XT.model_copy(update={"decode_chunk_size": 25})])
@pytest.mark.parametrize("kind", ["cpu", "gpu"])
def test_every_plan_is_cheaper_than_the_one_before(request_: MotionRequest, kind) -> None:
    needs = [estimate(plan, request_).peak_bytes for plan in plans_for(request_, kind)]
    assert needs == sorted(needs, reverse=True)
    assert len(set(plans_for(request_, kind))) == len(needs) >= 2


def test_a_large_card_gets_the_fastest_plan_and_a_small_one_what_fits() -> None:
    def plan(gigabytes: float) -> Plan:
        return plans_for(XT, "gpu")[choose(XT, "gpu", gigabytes * 1e9)]

    assert plan(80) == Plan(chunk=1)
    assert plan(12) == Plan(chunk=1, split=True, frugal=True)
    assert plan(8) == Plan(chunk=1, split=True, frugal=True, by_turns=True)
    assert plan(1).streamed
    for gigabytes in (80, 16, 12, 8, 6):
        assert estimate(plan(gigabytes), XT).peak_bytes <= gigabytes * 1e9


def test_a_draft_costs_an_encoding_of_each_frame() -> None:
    plan, said = Plan(chunk=1), {"anchors": [[500, 500]]}
    directed = SMALL.model_copy(update={"direction": direction_of(said)})
    extra = estimate(plan, directed).flops - estimate(plan, SMALL).flops
    assert extra == pytest.approx(14 * cost.ENCODE_FLOPS * cost.frame_scale(SMALL))


def test_what_would_fit_is_the_cheapest_change() -> None:
    large = XT.model_copy(update={"width": 2048, "height": 2048})
    assert fitting_change(large, "gpu", 4e9) == "A size of 576x320 would fit."
    assert fitting_change(XT, "gpu", 1e9) == ""


def test_a_plan_says_what_it_does() -> None:
    assert str(Plan(chunk=1)) == "all at once"
    assert str(Plan(chunk=1, split=True, parked=True)) == "guidance in two passes, frames waiting in main memory"


def test_remedies_are_the_cheapest_there_are() -> None:
    gpu = torch.device("cuda")
    portrait = XT.model_copy(update={"width": 576, "height": 1024})
    assert cost.small_size(portrait) == (320, 576)
    assert str(sampling_shortage(XT, gpu)) == (
        "Not enough GPU memory for 25 frames at 1024x576. A size of 576x320 needs 31% of it."
    )
    assert str(decode_shortage(portrait, gpu)).endswith("A size of 320x576 needs 31% of it.")
    assert str(decode_shortage(SMALL, torch.device("cpu"))) == (
        "Not enough memory to decode 14 frames of 576x320. Set num_frames to 7."
    )


def test_usable_memory_of_this_machine() -> None:
    assert usable_bytes(torch.device("cpu"), 4) > usable_bytes(torch.device("cpu"), 2) - 1e9 > 0
