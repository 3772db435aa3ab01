"""How a pipeline is fitted into memory, and what happens when it does not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipelines.contract import RGB, StepEvent
from pipelines.errors import OutOfMemory
from pipelines.families.stock.placing import place
from pipelines.families.stock.plans import Plan, Weights, first_that_fits, next_plan, plans_for
from tests.pipelines.families.stock.conftest import Tiny, load

GB = 1e9

GPU = plans_for("gpu")


@pytest.mark.parametrize(
    ("free_gb", "placement"),
    [(80, "whole"), (40, "whole"), (39, "parts"), (24, "parts"), (22, "layers"), (4, "layers")],
)
def test_a_gpu_gets_the_first_plan_that_leaves_room_to_work(free_gb: float, placement: str) -> None:
    """Of 30 GB of weights, 18 of them in one part."""
    number = first_that_fits(GPU, Weights(30 * GB, 18 * GB), free_gb * GB)
    assert GPU[number].placement == placement
    assert not GPU[number].tiles
    assert not GPU[number].eight_bit


def test_plans_that_change_the_clip_come_last_and_say_so() -> None:
    told = [plan.change for plan in GPU]
    assert told[:3] == ["The clip stays the same."] * 3
    assert "seams" in told[3]
    assert "different" in told[4]


def test_tiles_are_left_out_while_sampling() -> None:
    layers = GPU.index(Plan("layers"))
    assert next_plan(GPU, layers, is_sampled=False) == layers + 2
    assert next_plan(GPU, layers, is_sampled=True) == layers + 1
    assert next_plan(GPU, len(GPU) - 1, is_sampled=True) is None


def test_weights_brought_layer_by_layer_give_the_same_clip(folder_of: Callable[[str], Path]) -> None:
    """Here from the CPU to the CPU; the way there and back is that of a GPU."""
    model = load("wan22", folder_of("wan22"))
    wanted = model.frames()
    place(model.animator.pipeline, Plan("layers"), torch.device("cpu"))
    assert np.array_equal(model.frames(), wanted)
    place(model.animator.pipeline, Plan("whole"), torch.device("cpu"))
    hooks = [layer for layer in model.animator.pipeline.transformer.modules() if _hooks(layer)]
    assert np.array_equal(model.frames(), wanted)
    assert not hooks, "nothing is left of it"


def _hooks(layer: Any) -> dict[str, Any]:
    return getattr(getattr(layer, "_diffusers_hook", None), "hooks", {})


@contextmanager
def shortages(layer: torch.nn.Module, times: int, after: int = 0) -> Iterator[None]:
    """A layer that finds no memory the first `times` times from its call number `after` on."""
    calls = iter(range(10_000))

    def fail(*_: Any) -> None:
        if after <= next(calls) < after + times:
            raise RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory")

    hook = layer.register_forward_pre_hook(fail)
    yield
    hook.remove()


def watched(model: Tiny) -> tuple[RGB, list[StepEvent]]:
    events: list[StepEvent] = []
    return model.frames(events.append), events


def test_a_run_that_finds_no_memory_while_sampling_goes_on_in_8_bit(folder_of: Callable[[str], Path]) -> None:
    model = load("ltx", folder_of("ltx"))
    wanted = model.frames()
    with shortages(model.animator.pipeline.transformer.proj_out, times=1, after=1):
        frames, events = watched(model)
    assert [event.note for event in events if event.note] == [
        "Memory ran out: going on with the denoiser's weights in 8 bit, frames decoded in tiles."
        " The clip becomes a slightly different one."
    ]
    steps = [event.step for event in events if event.stage == "sampling" and not event.note]
    assert steps == [1, 2, 3], "no step is done twice"
    assert 0 < np.abs(frames.astype(int) - wanted).mean() < 20
    assert np.array_equal(model.frames(), wanted), "the next run is exact again"


def test_a_run_that_finds_no_memory_while_decoding_goes_on_in_tiles(folder_of: Callable[[str], Path]) -> None:
    model = load("wan21", folder_of("wan21"))
    wanted = model.frames()
    with shortages(model.animator.pipeline.vae.decoder.conv_in, times=1, after=1):
        frames, events = watched(model)
    # one tile holds all of so small a picture
    assert np.array_equal(frames, wanted)
    assert [event.note for event in events if event.note] == [
        "Memory ran out: going on with frames decoded in tiles. The tiles may show as faint seams."
    ]
    assert sum(event.stage == "sampling" for event in events) == 3, "it is not sampled again"
    model.frames()
    assert not model.animator.pipeline.vae.use_tiling, "the next run is whole again"


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (
            "transformer.proj_in",
            r"Not enough memory for 9 frames of 64x64\. Choose a smaller size, or set num_frames to 5",
        ),
        ("vae.decoder.conv_in", r"Not enough memory to decode 9 frames of 64x64\. Choose a smaller size"),
    ],
)
def test_out_of_memory_names_a_remedy(layer: str, words: str, folder_of: Callable[[str], Path]) -> None:
    model = load("ltx", folder_of("ltx"))
    part = model.animator.pipeline
    for name in layer.split("."):
        part = getattr(part, name)
    with shortages(part, times=99), pytest.raises(OutOfMemory, match=words) as caught:
        model.frames()
    assert caught.value.__context__ is None, "the failed call's tensors would be kept alive"


def test_other_errors_pass(folder_of: Callable[[str], Path]) -> None:
    model = load("ltx", folder_of("ltx"))

    def fail(*_: Any) -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    model.animator.pipeline.transformer.proj_in.register_forward_pre_hook(fail)
    with pytest.raises(RuntimeError, match="illegal memory access"):
        model.frames()
