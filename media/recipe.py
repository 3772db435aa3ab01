"""The recipe: how a clip was made, kept as JSON inside the clip itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from media.mp4 import open_mp4
from pipelines.errors import ClipError

RECIPE_TAG = "comment"
"""The metadata tag that holds it: the one that players and tools show."""

MAX_RECIPE_LETTERS = 65536
"""Letters. Ours have about a thousand; an uploaded file may carry anything."""


def read_recipe(path: Path) -> dict[str, Any]:
    """The recipe inside a clip, as it was given to `ClipSpec.recipe`; nothing in it has been checked.

    Raises `ClipError` where the file is no MP4 clip or carries no recipe.
    """
    with open_mp4(path) as (container, _):
        text = container.metadata.get(RECIPE_TAG, "")
    recipe = _parsed(text)
    if recipe is None:
        raise ClipError(
            "This file carries no Stillmotion recipe.",
            "Use a clip as it was downloaded from Stillmotion: sites and editors drop the recipe.",
        )
    return recipe


def _parsed(text: str) -> dict[str, Any] | None:
    if len(text) > MAX_RECIPE_LETTERS:
        return None
    try:
        recipe = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return recipe if isinstance(recipe, dict) else None
