"""A frame of a finished clip as the next still."""

from __future__ import annotations

import math
from pathlib import Path

from jobs.job import CLIP
from jobs.queue import JobQueue
from media.preview import frame_png


def seconds_in(value: object) -> float:
    """Where a page says that its clip stands; the beginning where that is no place in time."""
    seconds = float(value) if isinstance(value, int | float) else 0.0
    return seconds if math.isfinite(seconds) else 0.0


def captured_frame(queue: JobQueue, job_id: str, seconds: float, folder: Path) -> Path:
    """A PNG file in `folder` of the frame at `seconds` of a clip, under its name; raises `UnknownJob`, `ClipError`."""
    file = folder / f"{queue.get(job_id).name}.png"
    file.write_bytes(frame_png(queue.file(job_id, CLIP), seconds))
    return file
