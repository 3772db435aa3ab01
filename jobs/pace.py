"""How long things take on this machine, learned from its own runs."""

from __future__ import annotations

import json
import math
import threading
from pathlib import Path

import structlog

from jobs.files import write_whole
from pipelines.request import MotionRequest

log = structlog.get_logger("jobs")

SETTLE = 0.5
"""Share of the newest run in the kept pace: two or three runs forget a machine that was busy once."""

MEGAPIXEL = 1e6

TELLING_SHARE = 0.15
"""Of a first run, before which nothing is said about its end."""


class Pace:
    """Seconds per megapixel-frame of each model, kept in one small file. Thread-safe."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._paces = _read(file)

    def estimate(self, request: MotionRequest) -> float | None:
        """Seconds that a clip will take here with its model loaded, or None before the first run of its model."""
        pace = self._paces.get(request.model)
        return None if pace is None else pace * _work(request)

    def remaining(self, request: MotionRequest, elapsed_s: float, share: float) -> float | None:
        """Seconds still to go for a job of which `share` is done.

        What past runs took counts at the beginning, what this one has taken so far counts towards the end.
        """
        expected = self.estimate(request)
        if expected is None and share < TELLING_SHARE:
            return None
        from_progress = elapsed_s * (1 - share) / max(share, TELLING_SHARE)
        from_past = from_progress if expected is None else max(0.0, expected - elapsed_s)
        return share * from_progress + (1 - share) * from_past

    def learn(self, request: MotionRequest, seconds: float) -> None:
        """Take note of a finished run; where that cannot be stored, it is known until the server ends."""
        with self._lock:
            new = seconds / _work(request)
            old = self._paces.get(request.model, new)
            self._paces[request.model] = old + SETTLE * (new - old)
            try:
                write_whole(self._file, json.dumps(self._paces).encode())
            except OSError:
                log.warning("pace not stored", exc_info=True)


def _work(request: MotionRequest) -> float:
    """Megapixel-frames, with the steps counted where they are what costs: an SVD step works on every frame."""
    megapixel_frames = request.width * request.height * request.num_frames / MEGAPIXEL
    return megapixel_frames * (request.num_inference_steps if request.model != "pocket" else 1)


def _read(file: Path) -> dict[str, float]:
    try:
        paces = {str(model): float(pace) for model, pace in json.loads(file.read_bytes()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
    return {model: pace for model, pace in paces.items() if math.isfinite(pace) and pace > 0}
