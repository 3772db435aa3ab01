"""The folders and files that a person has added, remembered in `models.json` of the data folder."""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock

from pipelines.errors import ModelError
from pipelines.families.svd.addon import AddOn, recognise
from pipelines.families.svd.folder import XT_1_1, SvdFolder
from pipelines.machine import data_folder

log = logging.getLogger(__name__)

RELEASE_OF_FRAMES = {14: "svd", 25: "svd-xt"}
"""Which release was trained on so many frames."""

TAESD = "taesd"
"""What the file that draws the previews is remembered by, among the models."""

RESERVED = {"pocket", "svd", "svd-xt", "svd-xt-1-1", TAESD}
"""Ids that a folder's name never becomes."""


@dataclass(frozen=True)
class AddedFolder:
    """A folder by the `id` it is chosen by: that of a release whose files it holds, or one made from its name.

    `base` is the id of the release that an add-on stands on; None for a whole model, or one that is still to be chosen.
    """

    id: str
    path: str
    base: str | None = None


def added_folders() -> list[AddedFolder]:
    """All of them, the one in `STILLMOTION_SVD_PATH` first. Raises `ModelError` where `models.json` is not readable.

    A folder in `STILLMOTION_SVD_PATH` that is no model is left out, with a line in the log: the page must still open.
    """
    return [folder for folder in _from_environment() + _remembered() if folder.id != TAESD]


def add_folder(folder: SvdFolder | AddOn, base: str | None = None) -> AddedFolder:
    """Remembers `folder`, by the id of its release, or by one from its name if another folder has that already.

    An add-on is remembered with the id of its `base`, by an id of its own.
    """
    with _alone():
        kept = [known for known in _remembered() if known.path != str(folder.path)]
        new = AddedFolder(_id_for(folder, {known.id for known in kept}), str(folder.path), base)
        _write([*kept, new])
    return new


def add_taesd(file: Path) -> None:
    """Remembers the file that draws the previews, in place of another."""
    with _alone():
        kept = [known for known in _remembered() if known.id != TAESD]
        _write([*kept, AddedFolder(TAESD, str(file))])


def added_taesd() -> Path | None:
    """The file that draws the previews, None where none was added or it is gone. Raises `ModelError`."""
    files = [Path(known.path) for known in _remembered() if known.id == TAESD]
    return next((file for file in files if file.is_file()), None)


def release_of(folder: SvdFolder) -> str | None:
    """The id of the release that `folder` holds, or a tune of it; None for one trained on another number of frames.

    XT and XT 1.1 have the same settings, so the name of the folder has to tell them apart.
    """
    release = RELEASE_OF_FRAMES.get(folder.num_frames)
    if release == "svd-xt" and XT_1_1.search(str(folder.path).lower()):
        return "svd-xt-1-1"
    return release


def _from_environment() -> list[AddedFolder]:
    path = os.environ.get("STILLMOTION_SVD_PATH")
    if not path:
        return []
    try:
        folder = recognise(Path(path).expanduser().resolve())
    except ModelError as error:
        log.warning("STILLMOTION_SVD_PATH is left out: %s", error)
        return []
    return [AddedFolder(_id_for(folder, set()), str(folder.path))]


def _remembered() -> list[AddedFolder]:
    file = data_folder() / "models.json"
    if not file.is_file():
        return []
    try:
        return [
            AddedFolder(str(entry["id"]), str(entry["path"]), entry.get("base"))
            for entry in json.loads(file.read_text("utf-8"))
        ]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(f"{file} cannot be read.", "Delete it, and add your models again.") from error


def _alone() -> FileLock:
    """Held while the list is read and written: two who add at once are both remembered."""
    data_folder().mkdir(parents=True, exist_ok=True)
    return FileLock(data_folder() / "models.json.lock")


def _write(folders: list[AddedFolder]) -> None:
    file = data_folder() / "models.json"
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}.new")
    draft.write_text(json.dumps([_entry(folder) for folder in folders], indent=2), "utf-8")
    draft.replace(file)


def _entry(folder: AddedFolder) -> dict[str, str]:
    return {name: value for name, value in asdict(folder).items() if value is not None}


def _id_for(folder: SvdFolder | AddOn, others: set[str]) -> str:
    release = release_of(folder) if isinstance(folder, SvdFolder) else None
    if release is not None and release not in others:
        return release
    called = folder.path.stem if isinstance(folder, AddOn) else folder.path.name
    name = re.sub(r"[^a-z0-9]+", "-", called.lower()).strip("-") or "model"
    number = 1
    while (unique := name if number == 1 else f"{name}-{number}") in others | RESERVED:
        number += 1
    return unique
