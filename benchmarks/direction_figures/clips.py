"""Directed clips of photos that no training has seen, made, encoded and decoded again."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.pocket_figures.bench import Bench, framed, request_of
from media.clip import write_clip
from media.mp4 import open_mp4, rgb_of
from media.spec import ClipSpec
from pipelines.contract import RGB
from pipelines.eyes.eyes import look_at
from pipelines.eyes.seen import Sight
from pipelines.request import MotionRequest
from pipelines.shapes import SIZES

SMALL = SIZES["Small"]
"""Pixels of these clips."""

FPS, FRAMES = 24, 49
"""Frames a second, and of a clip of two seconds."""


def asked(direction: dict[str, Any], **controls: Any) -> MotionRequest:
    """A small clip with a direction."""
    usual = {"fps": FPS, "num_frames": FRAMES, "num_inference_steps": 8, "camera": "hold"}
    return request_of(SMALL, **usual | controls, direction=direction)


def still_of(file: Path) -> RGB:
    """A photo as these clips begin with it."""
    return framed(file, asked({}))


def finished(bench: Bench, still: RGB, request: MotionRequest) -> RGB:
    """All frames of the encoded clip, uint8 `[n, H, W, 3]`."""
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mp4"
        write_clip(clip, bench.animator.animate(still, request), ClipSpec.for_request(request))
        with open_mp4(clip) as (container, stream):
            return np.stack([rgb_of(frame) for frame in container.decode(stream)])


def flow(one: RGB, other: RGB) -> NDArray[np.float32]:
    """Pixels by which places of one frame have moved in another, `[H, W, 2]` (DIS)."""
    grey = (cv2.cvtColor(each, cv2.COLOR_RGB2GRAY) for each in (one, other))
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)  # type: ignore[attr-defined]
    return np.asarray(dis.calc(*grey, None), np.float32)


def sight_of(still: RGB) -> Sight:
    """What the eyes find in it."""
    return look_at(still).sight(still)
