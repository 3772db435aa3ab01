"""What is known of a model before it is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Family = Literal["svd", "pocket"]

BUILT_IN = Path(__file__).resolve().parents[2] / "assets" / "models"
"""The weights that are part of the repository, each network's in a folder of its own."""


@dataclass(frozen=True)
class ModelSpec:
    """One model. `size_bytes` is that of its files, approximate for what is on the hub.

    `defaults` replaces those of `MotionRequest`; `ignores` names the controls that change nothing: the page hides them.
    A `gated` repository asks for a licence to be accepted; `revision` is a commit, never a branch, or None where none
    could be verified. `is_distilled` weights take a few whole steps without guidance: the speed "turbo". `path` is the
    folder or file of a model that is built in or was added, None for one in the hub's cache. `base` is the id of the
    release that the file in `path` stands on, None for a model that is whole. `any_moment` tells that it can show any
    moment of its motion: a clip is as long whatever its fps. `obeys` names the parts of a direction that it follows.
    """

    id: str
    name: str
    family: Family
    licence: str
    licence_url: str
    size_bytes: int
    repo: str | None
    revision: str | None
    gated: bool
    defaults: Mapping[str, Any]
    ignores: frozenset[str]
    max_frames: int
    max_pixels: int
    note: str
    path: Path | None = None
    is_distilled: bool = False
    base: str | None = None
    any_moment: bool = False
    obeys: frozenset[str] = frozenset()
