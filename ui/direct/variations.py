"""A sheet of takes: the same picture and direction with other seeds and amounts, small, asked for one by one."""

from __future__ import annotations

import json
from pathlib import Path

from jobs.queue import JobQueue
from jobs.sketches import sketch_of
from pipelines.catalogue import POCKET
from pipelines.errors import RequestError
from pipelines.request import MotionRequest
from ui.direct.sketched import address_of

VARIED_JS = "(text) => document.dispatchEvent(new CustomEvent('stillmotion:varied', { detail: text }))"


def variation(queue: JobQueue, still: Path, request: MotionRequest) -> str:
    """One take as JSON: its seed and amount, its motion and its clip. Raises `StillmotionError`."""
    if request.model != POCKET.id:
        raise RequestError("Variations are drawn by Pocket, and another model is chosen.", "Choose Pocket for them.")
    sketch = sketch_of(queue, still, request, is_whole=True)
    told = {"seed": request.seed, "amount": request.motion_bucket_id, "motion": sketch.motion}
    return json.dumps(told | {"webp": address_of(sketch.webp)})
