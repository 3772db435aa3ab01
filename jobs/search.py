"""Finding clips by how they were made: "cat" finds nothing, "pocket november", "seed 12" and "1024x576" do."""

from __future__ import annotations

import time
from collections.abc import Iterator

from jobs.job import Job
from pipelines.request import MotionRequest

SHORT_NAMES = {
    "motion": "motion_bucket_id",
    "noise": "noise_aug_strength",
    "frames": "num_frames",
    "steps": "num_inference_steps",
}
"""What people call controls, besides their own names."""


def matches(job: Job, search: str) -> bool:
    """Whether every word begins a word about the job; a control's name with a word behind it asks for that value."""
    about = _words_about(job)
    return all(_is_among(about, wanted) for wanted in _wanted(search.lower().split()))


def _is_among(about: set[str], wanted: str) -> bool:
    return wanted in about if "=" in wanted else any(word.startswith(wanted) for word in about)


def _words_about(job: Job) -> set[str]:
    request = job.request
    day = time.strftime("%Y-%m-%d %d %B %A", time.localtime(job.created)).lower()
    settings = {f"{name}={_plain(value)}" for name, value in request.model_dump().items()}
    shown = f"{request.model} {request.seed} {request.clip_width}x{request.clip_height} {day}".lower()
    return settings | set(shown.split())


def _wanted(words: list[str]) -> Iterator[str]:
    pending = iter(words)
    for word in pending:
        name = SHORT_NAMES.get(word, word)
        value = next(pending, None) if name in MotionRequest.model_fields else None
        yield word if value is None else f"{name}={value}"


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).lower()
