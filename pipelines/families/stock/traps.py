"""What neither the call nor the settings of a pipeline tell: its traps, class by class. Knows no torch.

Nothing here is needed for a class that is new: it is read by its call alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

OTHER_FPS = 24
"""Frames a second of a pipeline that nothing is known of: what most are trained on."""


@dataclass(frozen=True)
class Trap:
    """What has to be known of a class: `arguments` that each call gets; `section`, frames of one of the sections that
    it works in; `fps` that it was trained on; `longest`, the frames it is good for, else as many as it makes where
    nothing is asked; `joins` tells that the still comes as further channels, which its weights must be made for.
    """

    arguments: Mapping[str, Any] = field(default_factory=dict)
    section: int = 0
    fps: int = OTHER_FPS
    longest: int = 0
    joins: bool = False


LONG = 900
"""Frames of what is made section after section: half a minute at 30 a second, held in memory as a whole."""

TRAPS = {
    "LTXImageToVideoPipeline": Trap(fps=25, longest=257),
    "LTXConditionPipeline": Trap(fps=25, longest=257),
    # 20 s, what its own head for lengths allows
    "LTX2ImageToVideoPipeline": Trap(fps=24, longest=481),
    "WanImageToVideoPipeline": Trap(fps=16, joins=True),
    "CogVideoXImageToVideoPipeline": Trap(fps=8, joins=True),
    "HunyuanSkyreelsImageToVideoPipeline": Trap(fps=24, joins=True),
    "HunyuanVideoImageToVideoPipeline": Trap(fps=15),
    # its window of nine latent frames: 4 (9 - 1) + 1
    "HunyuanVideoFramepackPipeline": Trap(fps=30, section=33, longest=LONG),
    "HeliosPipeline": Trap(section=33, longest=LONG),
    # bins resize the frames after they are decoded, and most sizes of one of them end in an error
    "SanaImageToVideoPipeline": Trap({"use_resolution_binning": False}, fps=16),
}
"""Rates are those of the model cards and of diffusers' examples."""

NEEDS_MORE = "needs more than a still and words"

REFUSED = {
    "ChronoEditPipeline": "edits pictures instead of moving them",
    "ConsisIDPipeline": NEEDS_MORE,
    "SanaWMImageToVideoPipeline": NEEDS_MORE,
    "LTX2DFRPipeline": NEEDS_MORE,
    "LTX2DFRTemporalRefinePipeline": NEEDS_MORE,
    "LTX2InContextPipeline": NEEDS_MORE,
    "LTXI2VLongMultiPromptPipeline": NEEDS_MORE,
    "PIAPipeline": "is older than the rest and has no steps to watch",
    "I2VGenXLPipeline": "is older than the rest and has no steps to watch",
    "StableVideoDiffusionPipeline": "is Stable Video Diffusion, which has controls of its own here",
}
"""Pipelines that take a still and yet are not for this family, and why."""

GUARDED = frozenset({"CosmosVideoToWorldPipeline", "Cosmos2VideoToWorldPipeline", "Cosmos2_5_PredictBasePipeline"})
"""Pipelines whose licence asks for a guardrail, a package that is not part of the studio."""
