"""How a clip was made, as it is stored inside the clip."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
from pathlib import Path
from typing import Any

from pipelines.catalogue import find
from pipelines.request import MotionRequest, parse_request

RECIPE_VERSION = 1

MADE_WITH = "Stillmotion"

VERSIONS_TOLD = ("torch", "diffusers", "opencv-python", "av")
"""Packages whose version may change a pixel."""


def recipe_text(request: MotionRequest, still: Path) -> str:
    """The recipe as ASCII JSON: every control, the model's revision, versions, and the SHA-256 of the still's file.

    Nothing about who made it, or where the still came from.
    """
    recipe = {
        "made_with": MADE_WITH,
        "recipe": RECIPE_VERSION,
        "request": request.model_dump(),
        "revision": find(request.model).revision or _weights_hash(request.model),
        "still_sha256": _hash_of(still),
        "versions": {name: importlib.metadata.version(name) for name in VERSIONS_TOLD},
    }
    return json.dumps(recipe)


def request_of_recipe(recipe: dict[str, Any]) -> MotionRequest:
    """The request that a recipe from outside asks for; raises `RequestError` where it cannot be followed."""
    told = recipe.get("request")
    known = MotionRequest.model_fields
    return parse_request(
        {name: value for name, value in (told if isinstance(told, dict) else {}).items() if name in known}
    )


@functools.cache
def _weights_hash(model: str) -> str | None:
    """Of a model that lies in a folder: the SHA-256 of all its safetensors, in the order of their names."""
    folder = find(model).path
    if folder is None:
        return None
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.safetensors")) if folder.is_dir() else [folder]:
        digest.update(_hash_of(file).encode())
    return f"sha256:{digest.hexdigest()}"


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
