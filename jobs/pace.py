"""How long things take on this machine, learned from its own runs."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from pipelines.request import MotionRequest

SETTLE = 0.5
"""Share of the newest run in the kept pace: two or three runs forget a machine that was busy once."""

MEGAPIXEL = 1e6


class Pace:
    """Seconds per megapixel-frame of each model, kept in one small file. Thread-safe."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._paces: dict[str, float] = _read(file)

    def estimate(self, request: MotionRequest) -> float | None:
        """Seconds that a clip will take here, or None before the first run of its model."""
        pace = self._paces.get(request.model)
        return None if pace is None else pace * _work(request)

    def learn(self, request: MotionRequest, seconds: float) -> None:
        """Take note of a finished run."""
        with self._lock:
            new = seconds / _work(request)
            old = self._paces.get(request.model, new)
            self._paces[request.model] = old + SETTLE * (new - old)
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._file.write_text(json.dumps(self._paces))


def _work(request: MotionRequest) -> float:
    """Megapixel-frames, with the steps counted where they are what costs: an SVD step works on every frame."""
    megapixel_frames = request.width * request.height * request.num_frames / MEGAPIXEL
    return megapixel_frames * (request.num_inference_steps if request.model != "pocket" else 1)


def _read(file: Path) -> dict[str, float]:
    try:
        return {str(k): float(v) for k, v in json.loads(file.read_text()).items()}
    except (OSError, ValueError, AttributeError):
        return {}
