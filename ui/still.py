"""The still on the page: taken in, and shown as the exact frame that the model will see."""

from __future__ import annotations

import base64
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from media.framing import Anchor, anchor_of, crop_window, frame_still, is_cropped, seen_part
from media.preview import poster
from media.stills import Still, open_still, reduced
from pipelines.contract import RGB
from pipelines.request import MotionRequest

KEPT_STILLS = 4
"""Opened stills kept, so that moving a slider does not decode the picture again: 50 MB at most."""

LARGEST_SHOWN = 2048
"""Pixels of the longer side of a still as it is kept: those of the largest clip."""

WHOLE_WIDTH = 1280
"""Pixels of the picture that is shown while the crop is dragged."""


@dataclass(frozen=True)
class OpenedStill:
    """A still with the place of its subject."""

    still: Still
    anchor: Anchor


@functools.lru_cache(maxsize=KEPT_STILLS)
def opened(path: str) -> OpenedStill:
    """The still of an upload; raises `StillError`."""
    still = reduced(open_still(Path(path)), LARGEST_SHOWN)
    return OpenedStill(still, anchor_of(still))


def shape_of(path: str) -> float:
    """Width over height of the still of an upload; raises `StillError`."""
    width, height = opened(path).still.size
    return width / height


def frame_value(path: str, request: MotionRequest) -> dict[str, Any]:
    """What the stage shows of a still before anything runs; raises `StillError`."""
    seen = opened(path)
    frame = frame_still(seen.still, request, seen.anchor)
    left, top, right, bottom = crop_window(seen.still.size, request, seen.anchor)
    slack_x, slack_y = seen.still.size[0] - (right - left), seen.still.size[1] - (bottom - top)
    can_move = is_cropped(seen.still.size, request)
    return {
        "mode": "frame",
        "frame": data_uri(frame),
        "whole": data_uri(_whole(path, request.backdrop)) if can_move else "",
        "x": left / slack_x if slack_x > 1 else 0.5,
        "y": top / slack_y if slack_y > 1 else 0.5,
        "part": seen_part(seen.still.size, request, seen.anchor),
        "width": request.width,
        "height": request.height,
    }


@functools.lru_cache(maxsize=KEPT_STILLS)
def _whole(path: str, backdrop: str) -> RGB:
    still = opened(path).still
    width = min(WHOLE_WIDTH, still.size[0])
    height = max(1, round(width * still.size[1] / still.size[0]))
    # Pads nothing: the size has the still's own shape, so this is the still over its backdrop, scaled.
    request = MotionRequest.model_construct(**MotionRequest().model_dump() | {"width": width, "height": height})
    return frame_still(still, request.model_copy(update={"backdrop": backdrop}))


def data_uri(picture: RGB) -> str:
    """A picture uint8 `[H, W, 3]` as a JPEG that a page can show without asking for it."""
    return "data:image/jpeg;base64," + base64.b64encode(poster(np.ascontiguousarray(picture))).decode()
