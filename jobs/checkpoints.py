"""Checkpoints as files: what a run goes on from when its worker has died, or when only its frames are made again."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import structlog
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from jobs.recipe import origin_of
from media.whole_file import write_whole
from pipelines.contract import Checkpoint
from pipelines.request import MotionRequest

log = structlog.get_logger("worker")

AFTER_SAMPLING = ("decode_chunk_size", "playback_fps", "interpolation", "upscaling")
"""Controls that change nothing before the frames are made."""


def write_checkpoint(path: Path, checkpoint: Checkpoint, request: MotionRequest) -> None:
    """Write or replace the file, whole or not at all. Raises `OSError`."""
    arrays = {name: np.ascontiguousarray(array, np.float32) for name, array in checkpoint.arrays.items()}
    write_whole(path, save(arrays, {"step": str(checkpoint.step), "of": _mark(request), "by": checkpoint.made_by}))


def read_checkpoint(path: Path, request: MotionRequest) -> Checkpoint | None:
    """The checkpoint in a file; None where it is damaged, or of another request or weights: the run begins anew."""
    try:
        with safe_open(path, framework="np") as file:
            about = file.metadata() or {}
            if about.get("of") != _mark(request):
                return None
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return Checkpoint(int(about["step"]), arrays, about["by"])
    except (OSError, SafetensorError, ValueError, KeyError):
        log.warning("checkpoint not usable", exc_info=True)
        return None


def _mark(request: MotionRequest) -> str:
    """The same for all requests that sample alike, of the very same weights."""
    sampled = request.model_dump_json(exclude=set(AFTER_SAMPLING))
    return hashlib.sha256(f"{sampled} {origin_of(request.model)}".encode()).hexdigest()
