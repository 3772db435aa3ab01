"""Pocket as the studio sees it. Knows no torch until a model is opened."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.contract import RGB, Animator, Draft, Sketch
from pipelines.direction import PART_NAMES
from pipelines.errors import ModelError
from pipelines.models.family import MEGAPIXEL, Family, Places
from pipelines.models.files import files_bytes
from pipelines.models.fit import Fit, fit_in_memory
from pipelines.models.spec import BUILT_IN, ModelSpec
from pipelines.request import MotionRequest

if TYPE_CHECKING:
    from pipelines.families.pocket.animator import PocketAnimator

FOLDER = BUILT_IN / "pocket"
"""Its weights."""

MAX_PIXELS = 2048 * 2048
"""Pixels. What happens is drawn on a coarse grid, only the frames grow with the size; no control allows more."""

MEMORY_BYTES = 1.5e9
"""Bytes that the worker takes with it: the bar that its benchmark holds it to."""

POCKET = ModelSpec(
    id="pocket",
    name="Pocket",
    family="pocket",
    licence="Apache-2.0",
    licence_url="https://www.apache.org/licenses/LICENSE-2.0",
    size_bytes=0,
    repo=None,
    revision=None,
    gated=False,
    # It has one guidance for all frames, max_guidance_scale.
    defaults={
        # it shows any moment of its motion, so it shows enough of them to be smooth: 3.5 s
        "fps": 24,
        "num_frames": 85,
        "num_inference_steps": 16,
        "min_guidance_scale": 1.5,
        "max_guidance_scale": 1.5,
    },
    ignores=frozenset({"decode_chunk_size", "min_guidance_scale"}),
    max_frames=1800,
    max_pixels=MAX_PIXELS,
    note="Built in: moves the still itself, in seconds, on any machine.",
    path=FOLDER,
    any_moment=True,
    obeys=frozenset(PART_NAMES),
    looks_ahead=True,
    is_quick=True,
)
"""The one model of the family; `Pocket.specs` fills in its size."""


class Pocket(Family):
    """The built-in model, which also draws sketches and drafts of what was said of the motion."""

    name = "pocket"

    def specs(self) -> tuple[ModelSpec, ...]:
        """One."""
        return (replace(POCKET, size_bytes=files_bytes(FOLDER)),)

    def fit(self, spec: ModelSpec, request: MotionRequest) -> Fit:
        """The same for all requests: frames are made one after the other."""
        return fit_in_memory(MEMORY_BYTES)

    def work(self, request: MotionRequest) -> float:
        """Frames are what costs; the steps are on a coarse grid, once."""
        return request.width * request.height * request.num_frames / MEGAPIXEL

    def open(self, places: Places, device: str | None, dtype: str | None) -> Animator:
        """Always on the CPU in float32."""
        return _opened(places.own)

    def look_ahead(self, still: RGB) -> None:
        """What is in a still, and its cards."""
        from pipelines.families.pocket.animator import look_ahead

        look_ahead(still)

    def sketch(self, places: Places, still: RGB, request: MotionRequest, is_whole: bool) -> Sketch:
        """A quarter as large, a dozen frames."""
        from pipelines.families.pocket.sketch import sketched

        return sketched(_kept(places.own), still, request, is_whole)

    def draft(self, still: RGB, request: MotionRequest) -> Draft:
        """Takes a few seconds, and its frames a tenth of one each."""
        from pipelines.families.pocket.draft import draft_of

        return draft_of(still, request)


def _opened(folder: Path) -> PocketAnimator:
    from pipelines.families.pocket.animator import load_pocket

    try:
        return load_pocket(folder)
    except OSError as error:
        raise ModelError(
            "The built-in model's files are damaged or missing.", "Restore assets/models/pocket from the repository."
        ) from error


@functools.cache
def _kept(folder: Path) -> PocketAnimator:
    """For sketches, of which many are drawn in a row."""
    return _opened(folder)


FAMILY = Pocket()
