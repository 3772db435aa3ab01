"""What every figure needs: the model, the evaluation stills, the held-out photos, and how much to measure."""

from __future__ import annotations

import dataclasses
import importlib.resources
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

from jobs.make_clip import find_anchor, warm
from media.framing import frame_still
from media.stills import open_still
from pipelines import catalogue
from pipelines.contract import RGB
from pipelines.pocket.animator import PocketAnimator
from pipelines.request import MotionRequest
from training.photos import ALWAYS_HELD_OUT, is_held_out, photo_files

SHIPPED_STILLS = Path(__file__).resolve().parents[2] / "assets" / "stills"

PICTURES = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "motorcycle_left.png")
"""scikit-image's colour photographs that need no download. The model never trains on them."""

TWICE_HERE = frozenset({"astronaut", "cat"})
"""Shipped stills that are scikit-image's pictures under another name."""

SEED = 1
"""Of every clip for which the figure asks for no particular seed."""


@dataclass(frozen=True)
class Effort:
    """How much is measured: `photos` counts held-out photos, `scenes` held-out scenes, `runs` timed clips."""

    stills: int
    buckets: tuple[int, ...]
    fold_seeds: int
    seeds: int
    scenes: int
    scene_seeds: int
    photos: int
    photo_seeds: int
    runs: int


FULL = Effort(12, (1, 32, 64, 96, 127, 160, 192, 255), 4, 8, 24, 6, 32, 2, 3)

QUICK = Effort(2, (1, 64, 127, 255), 2, 3, 6, 2, 4, 1, 1)
"""Enough to see that every figure can be measured; the values mean little."""


@dataclass(frozen=True)
class Bench:
    """The model under test and what it is tested on; `photos` never entered training."""

    animator: PocketAnimator
    stills: list[Path]
    photos: list[Path]
    effort: Effort


@contextmanager
def open_bench(model: Path | None, photos: Path | None, effort: Effort) -> Iterator[Bench]:
    """A bench on which the studio's built-in model is the one in `model`, or the shipped one.

    Raises `FileNotFoundError` for a folder without photos and `ModelError` for one without weights.
    """
    spec = dataclasses.replace(catalogue.POCKET, path=model or catalogue.POCKET.path)
    with patch.object(catalogue, "POCKET", spec):
        warm.cache_clear()
        animator = cast(PocketAnimator, warm("pocket"))
        yield Bench(animator, evaluation_stills(effort.stills), held_out_photos(photos), effort)
    warm.cache_clear()


def evaluation_stills(count: int) -> list[Path]:
    """Pictures that no training has seen: scikit-image's, then shipped stills until there are `count`."""
    bundled = Path(str(importlib.resources.files("skimage.data")))
    shipped = [file for file in photo_files(SHIPPED_STILLS) if file.stem not in TWICE_HERE]
    return [*(bundled / name for name in PICTURES), *shipped][:count]


def held_out_photos(folder: Path | None) -> list[Path]:
    """The photos of a training folder that the trainer holds out, or the shipped stills, which are all held out."""
    if folder is None:
        return photo_files(SHIPPED_STILLS)
    return [file for file in photo_files(folder) if is_held_out(file.name, ALWAYS_HELD_OUT)]


def request_of(size: tuple[int, int], **controls: Any) -> MotionRequest:
    """A request for the built-in model as the studio makes it, `size` in pixels."""
    return catalogue.request_for({"model": "pocket", "width": size[0], "height": size[1], "seed": SEED} | controls)


def framed(file: Path, request: MotionRequest) -> RGB:
    """A picture as the studio hands it to the model, uint8 `[height, width, 3]`."""
    still = open_still(file)
    return frame_still(still, request, find_anchor(still, request))
