"""A job: one request to animate one still, and what became of it."""

from __future__ import annotations

import dataclasses
import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pipelines.request import MotionRequest

State = Literal["queued", "running", "done", "failed", "cancelled"]

ENDS: frozenset[State] = frozenset({"done", "failed", "cancelled"})
"""States that a job never leaves."""

ID_BYTES = 16
"""128 random bits: whoever has an id was given it."""


@dataclass(frozen=True)
class Job:
    """A job at one moment.

    `stage`, `step` and `total` are those of the last step; `previews` counts the previews written so far; `sentence`
    says in words what went wrong; `remaining_s` and `position` (1 is next) are None where they are not known.
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
    def has_ended(self) -> bool:
        """Whether this is how the job will stay."""
        return self.state in ENDS

    def to_json(self) -> str:
        """One JSON object with every field."""
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return json.dumps(fields | {"request": self.request.model_dump()})

    @staticmethod
    def from_json(text: str) -> Job:
        """The job that `to_json` wrote."""
        fields = json.loads(text)
        return Job(**fields | {"request": MotionRequest.model_validate(fields["request"])})


def new_id() -> str:
    """An id that cannot be guessed, safe in an address and as a folder's name."""
    return secrets.token_hex(ID_BYTES)


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
        """The ended job as JSON."""
        return self.path / "job.json"
