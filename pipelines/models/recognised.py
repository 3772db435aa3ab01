"""What a folder or file is: each family is asked in turn. Knows no torch."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

from pipelines.errors import ModelError
from pipelines.families import families
from pipelines.models.family import Family, Found, Part
from pipelines.models.files import check_no_pickle

log = logging.getLogger(__name__)

WANTED = "Give a diffusers folder, with model_index.json in it, or a .safetensors file of a model that is known here."


def recognised(path: Path) -> tuple[Family, Found | Part]:
    """The family that knows a folder or file, and what it is to it. Raises `ModelError` where none does."""
    if not path.exists():
        raise ModelError(f"There is no {path}.", "Check the path.")
    check_no_pickle(path)
    for each in families():
        found = each.recognise(path)
        if found is not None:
            return each, found
    raise _nobodys(path)


def from_environment() -> list[tuple[Family, Found]]:
    """The models in `STILLMOTION_SVD_PATH`, and so on for each family.

    What is no model of it is left out, with a line in the log: the page must still open.
    """
    found = [(each, _named_by(f"STILLMOTION_{each.name.upper()}_PATH", each)) for each in families()]
    return [(each, one) for each, one in found if one is not None]


def _named_by(variable: str, each: Family) -> Found | None:
    place = os.environ.get(variable)
    if not place:
        return None
    path = Path(place).expanduser().resolve()
    try:
        found = each.recognise(path) if path.exists() else None
    except ModelError as error:
        log.warning("%s is left out: %s", variable, error)
        return None
    if found is None or isinstance(found, Part):
        log.warning("%s is left out: %s is no model of it.", variable, path)
        return None
    return found


def _nobodys(path: Path) -> ModelError:
    if path.is_file():
        return ModelError(f"{path.name} is no model that is known here, and nothing that stands on one.", WANTED)
    index = path / "model_index.json"
    try:
        kind = json.loads(index.read_text("utf-8")).get("_class_name")
    except FileNotFoundError:
        return ModelError(f"There is no {index}.", "Give the folder that has model_index.json in it.")
    except (OSError, ValueError, AttributeError, RecursionError):
        return ModelError(f"{index} cannot be read.", "Download the model again.")
    return ModelError(f"{path} holds a {kind}, which no family of models here knows.", WANTED)
