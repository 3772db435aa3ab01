"""A sketch of what was said, asked of the worker: the page gets what would move, and a small clip."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from jobs.queue import JobQueue
from jobs.sketches import sketch_of
from pipelines.request import MotionRequest

SKETCHED_JS = "(text) => document.dispatchEvent(new CustomEvent('stillmotion:sketched', { detail: text }))"


def sketched(queue: JobQueue, still: Path, request: MotionRequest) -> str:
    """As JSON: `found`, kinds of things that would move, and `webp`, an address that holds the clip, or nothing.

    Raises `StillmotionError`.
    """
    sketch = sketch_of(queue, still, request)
    webp = f"data:image/webp;base64,{base64.b64encode(sketch.webp).decode()}" if sketch.webp else ""
    return json.dumps({"found": sketch.found, "webp": webp, "said": request.direction.brief()})
