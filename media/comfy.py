"""The settings of a ComfyUI workflow for Stable Video Diffusion, in our own terms.

ComfyUI stores the workflow that made a picture inside it: as the text `prompt` in PNG, as `prompt:{...}` in the EXIF of
WebP. It maps node numbers to `{"class_type": ..., "inputs": {...}}`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

NOISE_FACTOR = 2.0
"""ComfyUI adds the noise to a still in [0, 1], the reference to one in [-1, 1]: its number acts twice as strongly."""

_CONTROLS: Mapping[str, Mapping[str, tuple[str, float]]] = {
    "SVD_img2vid_Conditioning": {
        "width": ("width", 1),
        "height": ("height", 1),
        "video_frames": ("num_frames", 1),
        "motion_bucket_id": ("motion_bucket_id", 1),
        "fps": ("fps", 1),
        "augmentation_level": ("noise_aug_strength", NOISE_FACTOR),
    },
    "VideoLinearCFGGuidance": {"min_cfg": ("min_guidance_scale", 1)},
    "KSampler": {"seed": ("seed", 1), "steps": ("num_inference_steps", 1), "cfg": ("max_guidance_scale", 1)},
}
"""Of each kind of node: which input is which control, and by how much it is multiplied."""

_REQUIRED = "SVD_img2vid_Conditioning"


def settings_of_workflow(text: str) -> dict[str, Any] | None:
    """The controls that a workflow sets, or None where the text is no workflow for Stable Video Diffusion.

    Values that are wired to another node are left out. Nothing has been checked against the model's limits.
    """
    nodes = _nodes(text.removeprefix("prompt:"))
    kinds = {str(node.get("class_type")) for node in nodes}
    if _REQUIRED not in kinds:
        return None
    found: dict[str, Any] = {}
    for node in nodes:
        inputs = node.get("inputs")
        for name, (control, factor) in _CONTROLS.get(str(node.get("class_type")), {}).items():
            value = inputs.get(name) if isinstance(inputs, dict) else None
            if isinstance(value, int | float) and not isinstance(value, bool):
                found[control] = value if factor == 1 else value * factor
    return found


def _nodes(text: str) -> list[dict[str, Any]]:
    try:
        graph = json.loads(text)
    except (ValueError, RecursionError):
        return []
    nodes = graph.values() if isinstance(graph, dict) else []
    return [node for node in nodes if isinstance(node, dict)]
