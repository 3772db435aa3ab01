"""The arguments of a pipeline's call, from a request and what the pipeline can do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from pipelines.contract import RGB
from pipelines.families.stock.capabilities import Capabilities
from pipelines.families.stock.controls import Controls
from pipelines.request import MotionRequest, asked

STILLS = ("image", "last_image")
"""What pipelines call the still that a clip begins with, and the one it ends with."""


def arguments(
    can: Capabilities, stills: Sequence[RGB], request: MotionRequest, generator: torch.Generator
) -> dict[str, Any]:
    """All that a call is given, the watching of its steps aside. A second still is what the clip ends with."""
    width, height = can.size or (request.width, request.height)
    given: dict[str, Any] = {
        **can.arguments,
        **{name: _picture(still, width, height) for name, still in zip(STILLS, stills, strict=False)},
        can.length: can.frames.asked(request.num_frames),
        "num_inference_steps": request.num_inference_steps,
        "generator": generator,
        "output_type": "np",
        **_words(can, request),
    }
    if can.takes_size:
        given |= {"width": width, "height": height}
    if can.rate is not None:
        given[can.rate] = request.fps
    if can.guidance is not None and can.guidance != "guider":
        given[can.guidance] = request.max_guidance_scale
    return given


def watched(can: Capabilities, on_step_end: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """The arguments that make a pipeline tell the ends of its steps, where it does."""
    if not can.tells_steps:
        return {}
    seen = ["latents"] if can.tells_latents else []
    return {"callback_on_step_end": on_step_end, "callback_on_step_end_tensor_inputs": seen}


def _words(can: Capabilities, request: MotionRequest) -> dict[str, str]:
    said = asked(request, Controls)
    words = {"prompt": said.prompt} if can.takes_prompt else {}
    # where nothing is said, a pipeline may have words of its own
    if can.takes_negative_prompt and said.negative_prompt:
        words["negative_prompt"] = said.negative_prompt
    return words


def _picture(still: RGB, width: int, height: int) -> Any:
    """The still as diffusers wants it, a picture of Pillow's; some pipelines take nothing else."""
    from diffusers.image_processor import VaeImageProcessor

    from pipelines.families.stock.sizes import covering

    return VaeImageProcessor.numpy_to_pil(covering(still[None], width, height) / 255.0)[0]
