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
    told = {"found": sketch.found, "webp": address_of(sketch.webp), "said": request.direction.brief()}
    return json.dumps(told)


def address_of(webp: bytes) -> str:
    """A small clip as an address that holds it; empty where there is none."""
    return f"data:image/webp;base64,{base64.b64encode(webp).decode()}" if webp else ""
