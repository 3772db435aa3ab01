"""How each animated picture format grows smaller, step by step: first what is hardly seen, at last what must."""

from __future__ import annotations

from media.export.look import WHOLE, Look

FLUENT = 15
"""Frames per second that still look like motion; 24 become 12, and 7 stay 7."""

GIF_LOOKS: tuple[Look, ...] = (
    WHOLE,
    Look(hold=5),
    Look(hold=8),
    *(Look(share=share, hold=8) for share in (0.92, 0.84, 0.75, 0.66)),
    *(Look(share=share, most_fps=FLUENT, hold=8) for share in (0.66, 0.58, 0.5)),
    *(Look(share=share, most_fps=FLUENT, hold=10, colours=128) for share in (0.45, 0.38, 0.32)),
    *(Look(share=share, most_fps=10, hold=12, colours=64) for share in (0.3, 0.25, 0.2)),
)
"""Half as large with steps of eight levels as with three, at equal looks; every second frame saves less than half."""

WEBP_LOOKS: tuple[Look, ...] = (
    WHOLE,
    *(Look(quality=quality) for quality in (74, 66, 56)),
    *(Look(share=share, quality=56) for share in (0.84, 0.75, 0.66)),
    *(Look(share=share, most_fps=FLUENT, quality=56) for share in (0.66, 0.58, 0.5)),
    *(Look(share=share, most_fps=FLUENT, quality=45) for share in (0.44, 0.38, 0.32)),
    *(Look(share=share, most_fps=10, quality=35) for share in (0.3, 0.25, 0.2)),
)

APNG_LOOKS: tuple[Look, ...] = (
    WHOLE,
    *(Look(share=share) for share in (0.84, 0.75, 0.66)),
    *(Look(share=share, most_fps=FLUENT) for share in (0.66, 0.58, 0.5, 0.44, 0.38, 0.32)),
    *(Look(share=share, most_fps=10) for share in (0.3, 0.25, 0.2)),
)
"""Its pixels are kept as they are: only the size and the rate can give way."""
