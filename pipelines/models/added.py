"""The folders and files that a person has added, remembered in `models.json` of the data folder."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Collection
from dataclasses import asdict, dataclass

from filelock import FileLock

from pipelines.errors import ModelError
from pipelines.machine import data_folder


@dataclass(frozen=True)
class Added:
    """A folder or file of a family by the `id` it is chosen by: that of a named model whose files it holds, or one made
    from its name.

    `base` is the id of the model that it stands on; None for a whole model, or one that is still to be chosen. One that
    `is_part` is no model, but of use to all models of its family.
    """

    id: str
    path: str
    family: str
    base: str | None = None
    is_part: bool = False


def remembered() -> list[Added]:
    """All of them, the oldest first. Raises `ModelError` where `models.json` is not readable."""
    file = data_folder() / "models.json"
    if not file.is_file():
        return []
    try:
        return [_of_entry(entry) for entry in json.loads(file.read_text("utf-8"))]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(f"{file} cannot be read.", "Delete it, and add your models again.") from error


def remember(added: Added, reserved: Collection[str]) -> Added:
    """Remembers it in place of what was known of its path, or by its id, if that is a part.

    The id of another gets a number at its end; so does one that is `reserved`.
    """
    with _alone():
        kept = [known for known in remembered() if known.path != added.path]
        if added.is_part:
            new, kept = added, [known for known in kept if not (known.is_part and known.id == added.id)]
        else:
            new = replace_id(added, {known.id for known in kept} | set(reserved))
        _write([*kept, new])
    return new


def replace_id(added: Added, taken: Collection[str]) -> Added:
    """The same by an id that is not `taken`."""
    name = re.sub(r"[^a-z0-9]+", "-", added.id.lower()).strip("-") or "model"
    number = 1
    while (unique := name if number == 1 else f"{name}-{number}") in taken:
        number += 1
    return Added(unique, added.path, added.family, added.base, added.is_part)


def forget(id: str) -> Added | None:
    """Takes what is known by an id off the list, the newest first; its files stay. None where nothing is."""
    with _alone():
        known = remembered()
        gone = next((added for added in reversed(known) if added.id == id), None)
        if gone is not None:
            _write([added for added in known if added != gone])
    return gone


def _of_entry(entry: dict[str, str]) -> Added:
    return Added(
        str(entry["id"]), str(entry["path"]), str(entry["family"]), entry.get("base"), bool(entry.get("is_part"))
    )


def _alone() -> FileLock:
    """Held while the list is read and written: two who add at once are both remembered."""
    data_folder().mkdir(parents=True, exist_ok=True)
    return FileLock(data_folder() / "models.json.lock")


def _write(added: list[Added]) -> None:
    file = data_folder() / "models.json"
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}.new")
    draft.write_text(json.dumps([_entry(each) for each in added], indent=2), "utf-8")
    draft.replace(file)


def _entry(added: Added) -> dict[str, object]:
    return {name: value for name, value in asdict(added).items() if value not in (None, False)}
