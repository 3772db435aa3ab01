"""What the helpers are, where their weights lie, and whose they are. Knows no torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.models.spec import BUILT_IN


@dataclass(frozen=True)
class Helper:
    """A built-in network that works on the frames of any model; `control` is the control that asks for it."""

    id: str
    name: str
    licence: str
    licence_url: str
    control: str
    note: str
    weights: Path

    @property
    def size_bytes(self) -> int:
        """Size of its file."""
        return self.weights.stat().st_size


RIFE = Helper(
    id="rife-3.8",
    name="RIFE 3.8",
    licence="MIT",
    licence_url="https://github.com/hzwer/Practical-RIFE",
    control="interpolation",
    note="Draws frames between two frames. A second or two a frame on a CPU.",
    weights=BUILT_IN / "rife" / "ifnet.safetensors",
)

REALESR = Helper(
    id="realesr-animevideov3",
    name="Real-ESRGAN, animevideov3",
    licence="BSD-3-Clause",
    licence_url="https://github.com/xinntao/Real-ESRGAN",
    control="upscaling",
    note="Larger frames with sharp edges: it paints fine detail as drawings have it, it does not know what was there."
    " Several seconds a frame on a CPU.",
    weights=BUILT_IN / "realesr" / "srvgg.safetensors",
)

HELPERS = (RIFE, REALESR)
"""In the order in which they work: in-between frames are drawn first, while frames are small."""
