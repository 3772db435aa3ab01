"""How a clip was made, as it is stored inside the clip."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
from pathlib import Path
from typing import Any

from jobs.further import sha256_of
from pipelines.enhance.helpers import HELPERS
from pipelines.models.catalogue import find
from pipelines.request import MotionRequest, parse_request

RECIPE_VERSION = 1

MADE_WITH = "Stillmotion"

VERSIONS_TOLD = ("torch", "diffusers", "transformers", "numpy", "opencv-python", "av")
"""Packages whose version may change a pixel."""


def recipe_text(request: MotionRequest, still: Path) -> str:
    """The recipe as ASCII JSON: every control, the model's revision, versions, and the SHA-256 of the still's file.

    Helpers that were at work are told by the SHA-256 of their weights.

    Nothing about who made it, or where the still came from.
    """
    recipe = {
        "made_with": MADE_WITH,
        "recipe": RECIPE_VERSION,
        "request": request.model_dump(),
        "revision": origin_of(request.model),
        "still_sha256": sha256_of(still),
        "versions": {name: importlib.metadata.version(name) for name in VERSIONS_TOLD},
    }
    helpers = {helper.id: sha256_of(helper.weights) for helper in HELPERS if getattr(request, helper.control) > 1}
    return json.dumps(recipe | ({"helpers": helpers} if helpers else {}))


def request_of_recipe(recipe: dict[str, Any]) -> MotionRequest:
    """The request that a recipe from outside asks for; raises `RequestError` where it cannot be followed."""
    told = recipe.get("request")
    known = MotionRequest.model_fields
    return parse_request(
        {name: value for name, value in (told if isinstance(told, dict) else {}).items() if name in known}
    )


def origin_of(model: str) -> str | None:
    """The commit of a download, or the fingerprint of what was added; of an add-on, that and its release's.

    None where the files are gone: the loader has the words for that.
    """
    spec = find(model)
    if spec.path is None:
        return spec.revision
    own = _fingerprint(spec.path) if spec.path.exists() else None
    return own if spec.base is None else f"{own} on {origin_of(spec.base)}"


@functools.cache
def _fingerprint(place: Path) -> str:
    """Of a model that lies in a folder or file: the SHA-256 of the sizes, beginnings and ends of its safetensors.

    The beginning names every weight, the end is the weights themselves. Reading all of a large model would hold up the
    first clip by seconds to minutes, and a Stop with it.
    """
    digest = hashlib.sha256()
    for file in sorted(place.rglob("*.safetensors")) if place.is_dir() else [place]:
        digest.update(f"{file.name} {file.stat().st_size}".encode())
        with file.open("rb") as weights:
            digest.update(weights.read(TOLD_BYTES))
            weights.seek(max(0, file.stat().st_size - TOLD_BYTES))
            digest.update(weights.read())
    return f"sha256:{digest.hexdigest()}"


TOLD_BYTES = 2**20
"""Bytes of either end of a file: five times the longest header of a release."""
