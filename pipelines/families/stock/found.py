"""What a folder is to this family. Knows no torch."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.families.stock.capabilities import Capabilities, capabilities_of
from pipelines.families.stock.check import scaled_size
from pipelines.families.stock.folder import StockFolder, inspect_folder, is_pipeline
from pipelines.families.stock.named import END, IGNORED, MOST_PIXELS, NAMED, Way
from pipelines.models.spec import ModelSpec
from pipelines.request import SIZE_STEP

TWICE = 2
"""Times the area of its usual size that a pipeline may be asked for."""


@dataclass(frozen=True)
class Whole:
    """A pipeline in a folder; see `pipelines.models.family.Found`."""

    folder: StockFolder
    can: Capabilities

    @property
    def path(self) -> Path:
        """The folder."""
        return self.folder.path

    @property
    def named(self) -> str | None:
        """The id of the named model whose snapshot in the hub's cache it is; nothing else tells a copy from a tune."""
        parts = set(self.path.parts)
        for spec in NAMED:
            if spec.revision in parts and f"models--{spec.repo}".replace("/", "--") in parts:
                return spec.id
        return None

    def described(self, here: Sequence[ModelSpec]) -> ModelSpec:
        """By what its call and its settings say."""
        can = self.can
        return ModelSpec(
            id="",
            name=self.path.name,
            family="stock",
            licence="not known",
            licence_url="",
            size_bytes=self.folder.size_bytes,
            repo=None,
            revision=None,
            gated=False,
            defaults=Way(usual_size(can), can.usual_frames, can.fps, can.steps, can.guidance_scale).defaults(),
            ignores=ignored(can),
            obeys=END if can.takes_last_still else frozenset(),
            max_frames=can.longest,
            max_pixels=max(MOST_PIXELS, TWICE * can.usual_size[0] * can.usual_size[1]),
            note=f"Added from {self.path.name}: {can.pipeline} of diffusers.",
            path=self.path,
        )


def found_in(path: Path) -> Whole | None:
    """See `Family.recognise`. Looked at anew only when one of its files has changed."""
    return _found(path, _stamp(path)) if path.is_dir() and is_pipeline(path) else None


def ignored(can: Capabilities) -> frozenset[str]:
    """The controls that change nothing."""
    deaf = {
        "prompt": not can.takes_prompt,
        "negative_prompt": not can.takes_negative_prompt,
        "max_guidance_scale": can.guidance is None,
    }
    return IGNORED | {name for name, is_deaf in deaf.items() if is_deaf}


def usual_size(can: Capabilities) -> tuple[int, int]:
    """The size that a request may have nearest to the one that the pipeline was made for."""
    if can.size is not None:
        return scaled_size(can.size)
    width, height = (max(1, round(side / SIZE_STEP)) * SIZE_STEP for side in can.usual_size)
    return width, height


@functools.lru_cache(maxsize=64)
def _found(path: Path, stamp: frozenset[tuple[str, int, int]]) -> Whole:
    folder = inspect_folder(path)
    return Whole(folder, capabilities_of(folder))


def _stamp(path: Path) -> frozenset[tuple[str, int, int]]:
    """Names, sizes and times of all files."""
    files = ((file, file.stat()) for file in path.glob("**/*.*") if file.is_file())
    return frozenset((str(file), about.st_size, about.st_mtime_ns) for file, about in files)
