"""A job: one request to animate one still, and what became of it."""

from __future__ import annotations

import functools
import re
import secrets
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import TypeAdapter

from pipelines.models.catalogue import is_quick
from pipelines.request import MotionRequest

State = Literal["queued", "running", "done", "failed", "cancelled"]

ENDS: frozenset[State] = frozenset({"done", "failed", "cancelled"})
"""States that a job never leaves."""

ID_BYTES = 16
"""128 random bits: whoever has an id was given it."""

NAMELESS = "photo"
"""What a picture is called that came without a name."""

UNEXPECTED = "Something unexpected went wrong while making the clip. Try again; if it happens again, look at the log."
"""For the person, where an error has no words of its own."""


STAGE_SPANS = {
    "load": (0.0, 0.05),
    "encode": (0.05, 0.1),
    "sampling": (0.1, 0.7),
    "decode": (0.7, 1.0),
    "enhance": (0.7, 1.0),
}
"""Which share of a job each stage is, roughly, for all families. Where frames are enhanced, that and making them are
one stage."""

ENHANCED_QUICK_SPANS = {"load": (0.0, 0.02), "encode": (0.02, 0.03), "sampling": (0.03, 0.1), "enhance": (0.1, 1.0)}
"""The same where helpers work on frames that a quick model has made in a second or two."""


def share_done(request: MotionRequest, stage: str, step: int, total: int) -> float:
    """How much of a job is done, 0 to 1, when `step` of `total` steps of a stage are; 0 before the first stage."""
    spans = ENHANCED_QUICK_SPANS if request.is_enhanced and is_quick(request.model) else STAGE_SPANS
    low, high = spans.get(stage, (0.0, 0.0))
    return low + (high - low) * (step / total if total else 0.0)


@dataclass(frozen=True)
class Job:
    """A job at one moment.

    `stage`, `step` and `total` are those of the last step; `previews` counts the previews written so far; `sentence`
    says in words what went wrong, `note` what a run had to do differently; `remaining_s` (until its end, waiting
    included) and `position` (1 is next) are None where they are not known; `seconds` is how long an ended job ran, from
    its turn to its end; `facts` are those of the clip (`facts_in_json`); `created` is in seconds since 1970;
    `has_sampling` says that the clip can be decoded again without being drawn again; `name` is that of the picture
    (`jobs.names`), and `title` the newest that was given to the clip, as a link's or on a file.
    """

    id: str
    request: MotionRequest
    state: State = "queued"
    stage: str = ""
    step: int = 0
    total: int = 0
    previews: int = 0
    remaining_s: float | None = None
    position: int | None = None
    seconds: float = 0.0
    sentence: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    created: float = 0.0
    favourite: bool = False
    is_deleted: bool = False
    has_sampling: bool = False
    name: str = NAMELESS
    title: str = ""

    @property
    def share(self) -> float:
        """How much of the job is done, 0 to 1."""
        return share_done(self.request, self.stage, self.step, self.total)

    @property
    def has_ended(self) -> bool:
        """Whether this is how the job will stay."""
        return self.state in ENDS

    def to_json(self) -> str:
        """One JSON object with every field."""
        return _schema().dump_json(self).decode()


@functools.cache
def _schema() -> TypeAdapter[Job]:
    return TypeAdapter(Job)


def new_id() -> str:
    """An id that cannot be guessed, safe in an address and as a folder's name."""
    return secrets.token_hex(ID_BYTES)


def is_id(text: object) -> bool:
    """Whether `text`, which may come from a stranger, has the form of an id: anything else names no folder."""
    return isinstance(text, str) and re.fullmatch(f"[0-9a-f]{{{2 * ID_BYTES}}}", text) is not None


STILL, PREVIEW, POSTER, CLIP, CHECKPOINT = "still", "preview.webp", "poster.jpg", "clip.mp4", "checkpoint.safetensors"
"""The files of a job by name: the upload as it came, the newest moving preview, the first frame of the clip, the clip
(there only when it has passed its probe), and what a stopped run goes on from."""
