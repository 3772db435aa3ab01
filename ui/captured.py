"""A frame of a finished clip as the next still."""

from __future__ import annotations

import tempfile
from pathlib import Path

from jobs.job import CLIP
from jobs.queue import JobQueue
from media.preview import frame_png

MILLISECONDS = 1000


def captured_frame(queue: JobQueue, job_id: str, seconds: float) -> Path:
    """A PNG file of the frame at `seconds` of a clip; raises `UnknownJob` and `ClipError`."""
    clip = queue.file(job_id, CLIP)
    folder = Path(tempfile.gettempdir()) / "stillmotion-frames"
    folder.mkdir(exist_ok=True, mode=0o700)
    file = folder / f"{job_id}-{round(seconds * MILLISECONDS)}.png"
    file.write_bytes(frame_png(clip, seconds))
    return file
