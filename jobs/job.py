"""A job: one request to animate one still, and what became of it."""

from __future__ import annotations

import functools
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from pipelines.request import MotionRequest

State = Literal["queued", "running", "done", "failed", "cancelled"]

ENDS: frozenset[State] = frozenset({"done", "failed", "cancelled"})
"""States that a job never leaves."""

ID_BYTES = 16
"""128 random bits: whoever has an id was given it."""

UNEXPECTED = "Something unexpected went wrong while making the clip. Try again; if it happens again, look at the log."
"""For the person, where an error has no words of its own."""


STAGE_SPANS = {"load": (0.0, 0.05), "encode": (0.05, 0.1), "sampling": (0.1, 0.7), "decode": (0.7, 1.0)}
"""Which share of a job each stage is, roughly, for both families."""


@dataclass(frozen=True)
class Job:
    """A job at one moment.

    `stage`, `step` and `total` are those of the last step; `previews` counts the previews written so far; `sentence`
    says in words what went wrong; `remaining_s` and `position` (1 is next) are None where they are not known; `seconds`
    is how long an ended job ran, from its turn to its end; `facts` are those of the clip (`facts_in_json`).
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

    @property
    def share(self) -> float:
        """How much of the job is done, 0 to 1."""
        low, high = STAGE_SPANS.get(self.stage, (0.0, 0.0))
        return low + (high - low) * (self.step / self.total if self.total else 0.0)

    @property
    def has_ended(self) -> bool:
        """Whether this is how the job will stay."""
        return self.state in ENDS

    def to_json(self) -> str:
        """One JSON object with every field."""
        return _schema().dump_json(self).decode()

    @staticmethod
    def from_json(text: str | bytes) -> Job:
        """The job that `to_json` wrote; raises `ValueError` for any other text."""
        return _schema().validate_json(text)


@functools.cache
def _schema() -> TypeAdapter[Job]:
    return TypeAdapter(Job)


def new_id() -> str:
    """An id that cannot be guessed, safe in an address and as a folder's name."""
    return secrets.token_hex(ID_BYTES)


def is_id(text: object) -> bool:
    """Whether `text`, which may come from a stranger, has the form of an id: anything else names no folder."""
    return isinstance(text, str) and re.fullmatch(f"[0-9a-f]{{{2 * ID_BYTES}}}", text) is not None


@dataclass(frozen=True)
class JobFolder:
    """Where a job's files are."""

    path: Path

    @property
    def still(self) -> Path:
        """The upload, as it came."""
        return self.path / "still"

    @property
    def preview(self) -> Path:
        """The newest moving preview."""
        return self.path / "preview.webp"

    @property
    def clip(self) -> Path:
        """The finished clip; there only when it has passed its probe."""
        return self.path / "clip.mp4"

    @property
    def record(self) -> Path:
        """The job as JSON: as it was submitted, or as it ended."""
        return self.path / "job.json"
