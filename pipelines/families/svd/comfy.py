"""What ComfyUI's nodes for Stable Video Diffusion are set to, in our own terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

NOISE_FACTOR = 2.0
"""ComfyUI adds the noise to a still in [0, 1], the reference to one in [-1, 1]: its number acts twice as strongly."""

CONTROLS: Mapping[str, Mapping[str, tuple[str, float]]] = {
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

REQUIRED = "SVD_img2vid_Conditioning"


def settings_in(nodes: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The controls that the nodes of a workflow set; None where it is for another model."""
    if REQUIRED not in {str(node.get("class_type")) for node in nodes}:
        return None
    found: dict[str, Any] = {}
    for node in nodes:
        inputs = node.get("inputs")
        for name, (control, factor) in CONTROLS.get(str(node.get("class_type")), {}).items():
            value = inputs.get(name) if isinstance(inputs, dict) else None
            if isinstance(value, int | float) and not isinstance(value, bool):
                found[control] = value if factor == 1 else value * factor
    return found
