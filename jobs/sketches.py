"""What would move in a still, and a small clip of what was said of it: the page asks here, a worker answers."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from jobs.queue import JobQueue
from pipelines.request import MotionRequest


@dataclass(frozen=True)
class Sketch:
    """Kinds of things that move by themselves, as `Direction.calm` names them, and an animated WebP of what was said,
    empty where nothing was; `motion` is how fast it moves in the mean, in percent of the width a second."""

    found: tuple[str, ...]
    webp: bytes
    motion: float


def sketch_of(queue: JobQueue, still: Path, request: MotionRequest, is_whole: bool = False) -> Sketch:
    """Of what was said alone, or of the whole clip. Takes a fifth of a second, and seconds for a still that is new.

    Also while a clip is made. Raises `StillError` for a picture that cannot be opened, `WorkerError` where no worker
    answers in time.
    """
    told = {"still": str(still.absolute()), "request": request.model_dump(mode="json"), "is_whole": is_whole}
    answer = queue.ask("sketch", told)
    return Sketch(tuple(answer["found"]), base64.b64decode(answer["webp"]), answer["motion"])
