"""What every figure needs: the model, the evaluation stills, the held-out photos, and how much to measure."""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from jobs.make_clip import find_anchor, warm
from media.framing import frame_still
from media.stills import open_still
from pipelines.contract import RGB
from pipelines.families.pocket.animator import PocketAnimator
from pipelines.models.asking import request_for
from pipelines.request import MotionRequest
from training.photos import photo_files

if TYPE_CHECKING:
    from benchmarks.pocket_figures.labelled import Labelled

SHIPPED_STILLS = Path(__file__).resolve().parents[2] / "assets" / "stills"

PICTURES = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "motorcycle_left.png")
"""scikit-image's colour photographs that need no download. The model never trains on them."""

TWICE_HERE = frozenset({"astronaut", "cat"})
"""Shipped stills that are scikit-image's pictures under another name."""

SEED = 1
"""Of every clip for which the figure asks for no particular seed."""


@dataclass(frozen=True)
class Effort:
    """How much is measured: `photos` counts labelled ones, `pairs` pairs of neighbouring frames, `runs` timed clips."""

    stills: int
    buckets: tuple[int, ...]
    seeds: int
    photos: int
    photo_seeds: int
    pairs: int
    runs: int


FULL = Effort(12, (1, 32, 64, 96, 127, 160, 192, 255), 8, 40, 3, 4, 3)

QUICK = Effort(2, (1, 64, 127, 255), 3, 4, 1, 1, 1)
"""Enough to see that every figure can be measured; the values mean little."""


@dataclass(frozen=True)
class Bench:
    """The model under test and what it is tested on, none of which ever was in training."""

    animator: PocketAnimator
    stills: list[Path]
    labelled: list[Labelled]
    effort: Effort


@contextmanager
def open_bench(labelled: list[Labelled], effort: Effort) -> Iterator[Bench]:
    """A bench with the studio's built-in model. Raises `ModelError` without its weights."""
    warm.cache_clear()
    animator = cast(PocketAnimator, warm("pocket"))
    yield Bench(animator, evaluation_stills(effort.stills), labelled, effort)
    warm.cache_clear()


def evaluation_stills(count: int) -> list[Path]:
    """Pictures that no training has seen: scikit-image's, then shipped stills until there are `count`."""
    bundled = Path(str(importlib.resources.files("skimage.data")))
    shipped = [file for file in photo_files(SHIPPED_STILLS) if file.stem not in TWICE_HERE]
    return [*(bundled / name for name in PICTURES), *shipped][:count]


def request_of(size: tuple[int, int], **controls: Any) -> MotionRequest:
    """A request for the built-in model as the studio makes it, `size` in pixels."""
    return request_for({"model": "pocket", "width": size[0], "height": size[1], "seed": SEED} | controls)


def framed(file: Path, request: MotionRequest) -> RGB:
    """A picture as the studio hands it to the model, uint8 `[height, width, 3]`."""
    still = open_still(file)
    return frame_still(still, request, find_anchor(still, request))
