"""The settings of a ComfyUI workflow, in our own terms.

ComfyUI stores the workflow that made a picture inside it: as the text `prompt` in PNG, as `prompt:{...}` in the EXIF of
WebP. It maps node numbers to `{"class_type": ..., "inputs": {...}}`.
"""

from __future__ import annotations

import json
from typing import Any

from pipelines.families import families


def settings_of_workflow(text: str) -> dict[str, Any] | None:
    """The controls that a workflow sets, or None where the text is no workflow for a family that is known here.

    Values that are wired to another node are left out. Nothing has been checked against the model's limits.
    """
    nodes = _nodes(text.removeprefix("prompt:"))
    told = (each.settings_in(nodes) for each in families())
    return next((found for found in told if found is not None), None) if nodes else None


def _nodes(text: str) -> list[dict[str, Any]]:
    try:
        graph = json.loads(text)
    except (ValueError, RecursionError):
        return []
    nodes = graph.values() if isinstance(graph, dict) else []
    return [node for node in nodes if isinstance(node, dict)]
