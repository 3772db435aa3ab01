"""The folders of Stable Video Diffusion that a person has added, remembered in `models.json` of the data folder."""

from __future__ import annotations

import json
import logging
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from pipelines.errors import ModelError
from pipelines.machine import data_folder
from pipelines.svd.folder import SvdFolder
from pipelines.svd.single_file import inspect

log = logging.getLogger(__name__)

RELEASE_OF_FRAMES = {14: "svd", 25: "svd-xt"}
"""Which release was trained on so many frames."""

RESERVED = {"pocket", "svd", "svd-xt", "svd-xt-1-1"}
"""Ids that a folder's name never becomes."""

_XT_1_1 = re.compile(r"xt[-_.]1[-_.]1(?!\d)")


@dataclass(frozen=True)
class AddedFolder:
    """A folder by the `id` it is chosen by: that of a release whose files it holds, or one made from its name."""

    id: str
    path: str


def added_folders() -> list[AddedFolder]:
    """All of them, the one in `STILLMOTION_SVD_PATH` first. Raises `ModelError` where `models.json` is not readable.

    A folder in `STILLMOTION_SVD_PATH` that is no model is left out, with a line in the log: the page must still open.
    """
    return _from_environment() + _remembered()


def add_folder(folder: SvdFolder) -> AddedFolder:
    """Remembers `folder`, by the id of its release, or by one from its name if another folder has that already."""
    kept = [known for known in _remembered() if known.path != str(folder.path)]
    new = AddedFolder(_id_for(folder, {known.id for known in kept}), str(folder.path))
    _write([*kept, new])
    return new


def release_of(folder: SvdFolder) -> str | None:
    """The id of the release that `folder` holds, or a tune of it; None for one trained on another number of frames.

    XT and XT 1.1 have the same settings, so the name of the folder has to tell them apart.
    """
    release = RELEASE_OF_FRAMES.get(folder.num_frames)
    if release == "svd-xt" and _XT_1_1.search(str(folder.path).lower()):
        return "svd-xt-1-1"
    return release


def _from_environment() -> list[AddedFolder]:
    path = os.environ.get("STILLMOTION_SVD_PATH")
    if not path:
        return []
    try:
        folder = inspect(Path(path).expanduser().resolve())
    except ModelError as error:
        log.warning("STILLMOTION_SVD_PATH is left out: %s", error)
        return []
    return [AddedFolder(_id_for(folder, set()), str(folder.path))]


def _remembered() -> list[AddedFolder]:
    file = data_folder() / "models.json"
    if not file.is_file():
        return []
    try:
        return [AddedFolder(str(entry["id"]), str(entry["path"])) for entry in json.loads(file.read_text("utf-8"))]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelError(f"{file} cannot be read.", "Delete it, and add your models again.") from error


def _write(folders: list[AddedFolder]) -> None:
    file = data_folder() / "models.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".new")
    draft.write_text(json.dumps([asdict(folder) for folder in folders], indent=2), "utf-8")
    draft.replace(file)


def _id_for(folder: SvdFolder, others: set[str]) -> str:
    release = release_of(folder)
    if release is not None and release not in others:
        return release
    name = re.sub(r"[^a-z0-9]+", "-", folder.path.name.lower()).strip("-") or "model"
    number = 1
    while (unique := name if number == 1 else f"{name}-{number}") in others | RESERVED:
        number += 1
    return unique
