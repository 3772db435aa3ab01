"""Small clips, asked of the worker: of what was said, and the takes of a sheet of other seeds and amounts."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from jobs.queue import JobQueue
from jobs.sketches import sketch_of
from pipelines.errors import RequestError
from pipelines.models.catalogue import built_in
from pipelines.request import MotionRequest


def sketched(queue: JobQueue, still: Path, request: MotionRequest) -> dict[str, Any]:
    """`found`, kinds of things that would move, and `webp`, an address that holds the clip, or nothing.

    Raises `StillmotionError`.
    """
    sketch = sketch_of(queue, still, request)
    return {"found": sketch.found, "webp": _address_of(sketch.webp)}


def variation(queue: JobQueue, still: Path, request: MotionRequest) -> dict[str, Any]:
    """One take: its seed and amount, its motion and its clip. Raises `StillmotionError`."""
    drawing = built_in()
    if request.model != drawing.id:
        raise RequestError(
            f"Variations are drawn by {drawing.name}, and another model is chosen.", f"Choose {drawing.name} for them."
        )
    sketch = sketch_of(queue, still, request, is_whole=True)
    told = {"seed": request.seed, "amount": request.motion_bucket_id, "motion": sketch.motion}
    return told | {"webp": _address_of(sketch.webp)}


def _address_of(webp: bytes) -> str:
    """A small clip as an address that holds it; empty where there is none."""
    return f"data:image/webp;base64,{base64.b64encode(webp).decode()}" if webp else ""
