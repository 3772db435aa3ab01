"""A model without weights, by name, and whatever folder has a `toy.json`."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pipelines.families.toy.controls import Controls

from pipelines.contract import FrameChunk, StepEvent, ignore_steps
from pipelines.errors import RequestError
from pipelines.models.family import Family
from pipelines.models.spec import ModelSpec
from pipelines.request import asked

SPEC = ModelSpec(
    id="toy",
    name="Toy",
    family="toy",
    licence="MIT",
    licence_url="https://example.org/licence",
    size_bytes=0,
    repo=None,
    revision=None,
    gated=False,
    defaults={
        "num_frames": 3,
        "fps": 5,
        "num_inference_steps": 2,
        "min_guidance_scale": 1.0,
        "max_guidance_scale": 1.0,
    },
    ignores=frozenset({"motion_bucket_id"}),
    max_frames=9,
    max_pixels=2**22,
    note="Shifts the still.",
    path=Path(__file__),
)


@dataclass(frozen=True)
class ToyFolder:
    path: Path
    named = None

    def described(self, here):
        return SPEC.of_a_person(self.path)


class ToyAnimator:
    def animate(self, still, request, on_step=ignore_steps, resume=None):
        on_step(StepEvent("sampling", 1, 1))
        shifts = [number * asked(request, Controls).wobble for number in range(request.num_frames)]
        yield FrameChunk(0, np.stack([np.roll(still, shift, axis=1) for shift in shifts]))


class Toy(Family):
    name = "toy"

    def specs(self):
        return (SPEC,)

    def recognise(self, path):
        return ToyFolder(path) if (path / "toy.json").is_file() else None

    def check(self, spec, request):
        if asked(request, Controls).wobble == 8:
            raise RequestError("It cannot wobble by 8.", "Take 7 or 9.")

    def open(self, places, device, dtype):
        return ToyAnimator()


FAMILY = Toy()
