"""How a clip was made, as it is stored inside the clip."""

from __future__ import annotations

import json

from pipelines.request import MotionRequest

RECIPE_VERSION = 1


def recipe_text(request: MotionRequest) -> str:
    """The recipe as JSON: every control that led to the clip, nothing about who made it or of what file."""
    return json.dumps({"made_with": "Stillmotion", "recipe": RECIPE_VERSION, "request": request.model_dump()})
