"""From a folder that a person names to a clip that plays, and back to the same frames by its recipe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from jobs.checkpoints import read_checkpoint, write_checkpoint
from jobs.make_clip import Order, make_clip
from media.recipe import read_recipe
from pipelines.contract import StepEvent
from pipelines.errors import RequestError
from pipelines.families.stock.loading import open_stock
from pipelines.models.asking import request_for
from pipelines.models.catalogue import find
from pipelines.request import parse_request

STILL = Path(__file__).parents[4] / "assets" / "stills" / "lake.jpg"

SMALL = {"width": 64, "height": 64, "anchor_x": 0.5, "anchor_y": 0.5} | {
    "num_frames": 6,
    "num_inference_steps": 2,
    "seed": 7,
    "prompt": "waves roll in",
}


@pytest.mark.parametrize("name", ["ltx", "wan21", "wan-5b", "cogvideox"])
def test_a_folder_makes_a_clip_that_knows_how_it_was_made(
    name: str, folder_of: Callable[[str], Path], tmp_path: Path
) -> None:
    request = request_for({"model": str(folder_of(name)), **SMALL}, find)
    facts = make_clip(Order(STILL, request, tmp_path / "clip.mp4"))
    assert (facts.width, facts.height, facts.num_frames) == (64, 64, 6)
    told = parse_request(read_recipe(tmp_path / "clip.mp4")["request"])
    assert told == request
    make_clip(Order(STILL, told, tmp_path / "again.mp4"))
    assert (tmp_path / "again.mp4").read_bytes() == (tmp_path / "clip.mp4").read_bytes()


@pytest.mark.parametrize("dtype", ["fp32", "bf16"])
def test_another_worker_goes_on_from_the_checkpoint_of_one_that_died(
    dtype: str, folder_of: Callable[[str], Path], tmp_path: Path
) -> None:
    folder, events = folder_of("wan21"), list[StepEvent]()
    request = request_for({"model": str(folder), **SMALL, "num_inference_steps": 4}, find)
    still = np.full((64, 64, 3), 90, np.uint8)

    def watch(event: StepEvent) -> None:
        events.append(event)
        if event.checkpoint is not None and event.step == 2:
            write_checkpoint(tmp_path / "checkpoint", event.checkpoint(), request)

    wanted = [chunk.frames for chunk in open_stock(folder, "cpu", dtype).animate(still, request, watch)]
    kept = read_checkpoint(tmp_path / "checkpoint", request)
    assert kept is not None
    told: list[int] = []
    again = open_stock(folder, "cpu", dtype).animate(still, request, lambda event: told.append(event.step), kept)
    assert all(map(np.array_equal, [chunk.frames for chunk in again], wanted))
    assert told[:3] == [0, 3, 4]


def test_a_person_s_folder_is_described_by_what_it_says(folder_of: Callable[[str], Path]) -> None:
    spec = find(str(folder_of("wan-5b")))
    assert (spec.family, spec.max_frames, spec.defaults["fps"]) == ("stock", 81, 24)
    assert {"camera", "motion_bucket_id", "speed"} <= spec.ignores
    assert not {"prompt", "negative_prompt", "max_guidance_scale"} & spec.ignores
    assert "negative_prompt" in find(str(folder_of("framepack"))).ignores


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"prompt": "waves " * 20_000}, r"The prompt has 120,000 characters, .* Shorten it"),
        ({"negative_prompt": "x" * 5_000}, "The negative_prompt has 5,000 characters"),
        ({"num_frames": 300}, "makes at most 81 frames. Set num_frames to 81"),
    ],
)
def test_what_cannot_be_asked(changes: dict[str, object], words: str, folder_of: Callable[[str], Path]) -> None:
    with pytest.raises(RequestError, match=words):
        request_for({"model": str(folder_of("wan21")), **SMALL, **changes}, find)
