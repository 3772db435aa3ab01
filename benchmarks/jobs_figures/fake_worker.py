"""The real worker with the fake model: `python -m benchmarks.jobs_figures.fake_worker WORKER_ID`.

Where the variable STILLMOTION_KILL names a file with `{"at": MOMENT, "victim": "worker" | "server"}`, the victim is
killed at that moment, once: moments that are too short to be hit from outside.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pipelines
from benchmarks.jobs_figures.fake_model import FakeAnimator, look, speed_from_environment
from jobs import attempt, make_clip, worker
from jobs.claims import Claims
from jobs.job import CLIP
from jobs.store import FolderStore
from pipelines.contract import RGB, Sketch
from pipelines.request import MotionRequest

KILL = "STILLMOTION_KILL"

HANG_S = 60.0
"""Seconds to wait for death; it comes at once."""


def main() -> None:
    """Runs one worker."""
    pipelines.load = lambda model: FakeAnimator(speed_from_environment())  # type: ignore[assignment,misc]
    pipelines.look_ahead = look
    pipelines.sketch = _no_sketch
    # the subject network takes a second that is nobody's speed
    make_clip.find_anchor = lambda still, request: (0.5, 0.5)
    attempt.make_clip = _after(make_clip.make_clip, "encode")  # type: ignore[attr-defined]
    FolderStore.put = _around(FolderStore.put, "rename", lambda arguments: CLIP in arguments)  # type: ignore[method-assign]
    Claims.end = _around(Claims.end, "commit", lambda arguments: True)  # type: ignore[method-assign]
    worker.main()


def _no_sketch(still: RGB, request: MotionRequest, is_whole: bool = False) -> Sketch:
    return Sketch([], still[None][:0], 0.0)


def _after(function: Callable[..., Any], moment: str) -> Callable[..., Any]:
    def run(*arguments: Any, **options: Any) -> Any:
        answer = function(*arguments, **options)
        _die_if_due(moment)
        return answer

    return run


def _around(function: Callable[..., Any], moment: str, counts: Callable[[Any], bool]) -> Callable[..., Any]:
    """Before and after: half of what can be seen of a step that is one system call or one transaction."""

    def run(*arguments: Any, **options: Any) -> Any:
        if counts(arguments):
            _die_if_due(f"before {moment}")
        answer = function(*arguments, **options)
        if counts(arguments):
            _die_if_due(f"after {moment}")
        return answer

    return run


def _die_if_due(moment: str) -> None:
    file = Path(os.environ.get(KILL, "/nowhere"))
    if not file.is_file():
        return
    wanted = json.loads(file.read_text())
    if wanted["at"] != moment:
        return
    file.unlink()
    os.kill(os.getpid() if wanted["victim"] == "worker" else os.getppid(), signal.SIGKILL)
    time.sleep(HANG_S if wanted["victim"] == "worker" else 0)


if __name__ == "__main__":
    main()
