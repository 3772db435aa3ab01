"""What is known of a model before it is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipelines.models.files import files_bytes

BUILT_IN = Path(__file__).resolve().parents[2] / "assets" / "models"
"""The weights that are part of the repository, each network's in a folder of its own."""


@dataclass(frozen=True)
class ModelSpec:
    """One model. `family` is the name of its folder in `pipelines/families`; `size_bytes` is that of its files,
    approximate for what is on the hub.

    `defaults` replaces those of `MotionRequest`; `ignores` names the controls that change nothing: the page hides them;
    the catalogue adds those of other families. A `gated` repository asks for a licence to be accepted; `revision` is a
    commit, never a branch, or None where none could be verified; `hub_files` are all that a download takes, and all
    that it needs: files, or as `FOLDER/*` whatever is of use in a folder. `is_distilled` weights take a few whole steps
    without guidance. `path` is the folder or file of a model that is built in or was added, None for one in the hub's
    cache. `base` is the id of the model that the file in `path` stands on, None for a model that is whole. `any_moment`
    tells that it can show any moment of its motion: a clip is as long whatever its fps. `obeys` names the parts of a
    direction that it follows. One that `is_usual` is taken where none is asked for and there is a GPU; one that
    `looks_ahead` finds out about a still before a clip is asked for; the frames of one that `is_quick` are there in
    seconds.
    """

    id: str
    name: str
    family: str
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
    hub_files: tuple[str, ...] = ()
    is_usual: bool = False
    looks_ahead: bool = False
    is_quick: bool = False

    def of_a_person(self, path: Path, **more: Any) -> ModelSpec:
        """A person's own folder or file, by the rules of this model unless `more` says otherwise."""
        own = replace(
            self, name=path.name, repo=None, revision=None, gated=False, size_bytes=files_bytes(path), path=path
        )
        return replace(own, **more)
