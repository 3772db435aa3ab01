"""What the Save panel says."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from jobs.wishes import contents_of
from media.export.limit import size_words
from media.export.order import Estimate, Export
from pipelines.errors import StillmotionError
from ui import cards

HELP = (
    "Smoother and Larger are quick estimates. Models take longer, minutes without a GPU, and make a new clip: one draws"
    " the frames in between, one paints detail that it does not know."
)
"""Said before the button that hands the clip to the helpers."""


def help_words(error: StillmotionError | None = None) -> str:
    """What stands beside the button of the helpers, and why they could not begin."""
    return (cards.problem(str(error)) if error else "") + f'<p class="quiet">{HELP}</p>'


def about(estimate: Estimate, wanted: Export) -> str:
    """How large the file will be, before it is made, as HTML."""
    size = size_words(estimate.num_bytes)
    shape = _shape(estimate.width, estimate.height, None if wanted.kind.is_one_frame else estimate.fps)
    return f'<p class="quiet">About {size} · {shape}</p>'


def download(job_id: str, file: Path, wanted: Export) -> str:
    """The button for a file that was made, which is the folder's key away from its clip, as HTML."""
    facts = contents_of(file.parent)
    fps = Fraction(facts.num_frames / facts.seconds) if facts.seconds and not wanted.kind.is_one_frame else None
    words = f"Download the {wanted.kind.label}" if wanted.kind.name != "zip" else "Download the PNG pictures"
    size = size_words(file.stat().st_size)
    return (
        f'<a href="clips/{job_id}/made/{file.parent.name}" download>{words} · {size}</a>'
        f"<span>{_shape(facts.width, facts.height, fps)}</span>"
    )


def _shape(width: int, height: int, fps: Fraction | None) -> str:
    # a GIF's clock is coarse: 24 frames a second last as long as 24.1 would
    rate = f", {float(fps):.2g} frames a second" if fps else ""
    return f"{width}x{height}{rate}"
