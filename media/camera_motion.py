"""How the camera of a clip went, as keys that the camera of another one can follow."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from media.mp4 import open_mp4
from pipelines.direction import FULL
from pipelines.errors import InputError

LONGEST_S = 60.0
"""Seconds of a clip that are followed."""

MOST_FRAMES = 7_500
"""Of a clip that is followed: two minutes at 60 a second, or one at 120."""

LARGEST_SIDE, LONGEST_SHAPE = 4096, 4.0
"""Pixels of a frame's longer side, and how many times as long as the other it may be."""

PATIENCE_S = 60.0
"""Seconds after which a clip counts as too much work."""

LOOKS_S = 1 / 12
"""Seconds between two looks, at most: what moves by less is followed surely."""

WIDTH = 320
"""Pixels across at which frames are compared."""

CORNERS, LEAST_FOLLOWED = 400, 12
"""Places that are followed from look to look, and how many of them must agree on a move."""

KEYS = 16
"""Of the way that is told."""

CLOSEST, LARGEST_ROLL = 4.0, 45.0
"""As `pipelines.direction.CameraKey` allows."""

LESS = 0.9
"""Share of a way that is left where a picture has no room for it; again until it has."""

Grey = NDArray[np.uint8]

NOT_FOLLOWED = ("The camera of this clip cannot be followed.", "Give one that shows one place, without a cut.")


def camera_of(path: Path) -> list[dict[str, float]]:
    """Keys of a `CameraPath` (`t`, `x`, `y`, `zoom`, `roll`), to be followed evenly, for the camera of an MP4 clip.

    All of a picture that can be shown on the way is: the widest moment has its narrow sides at the picture's edge.
    Raises `ClipError` for what is no clip and `InputError` for one that is too long or has no camera to follow.
    """
    times, moves = (np.array(each) for each in zip(*_moves(path), strict=True))
    if len(moves) < 2:
        raise InputError("This clip is a single frame.", "Give one in which the camera moves.")
    picked = np.linspace(0, len(moves) - 1, min(KEYS, len(moves))).round().astype(int)
    chosen, shares = moves[picked], (times[picked] - times[0]) / (times[-1] - times[0])
    while (zoom := _widest(chosen)) * math.exp(chosen[:, 2].max()) > CLOSEST or np.abs(
        chosen[:, 3]
    ).max() > LARGEST_ROLL:
        chosen = chosen * LESS
    return [_key(share, move, zoom) for share, move in zip(shares, chosen, strict=True)]


def _moves(path: Path) -> Iterator[tuple[float, NDArray[np.float64]]]:
    """Seconds, and then: middle (x, y) in shares of the first frame from its own middle, logarithm of the zoom, degrees
    of roll."""
    whole, last = np.eye(3), None
    for seconds, frame in _looks(path):
        if last is not None:
            whole = _between(last, frame) @ whole
        last = frame
        yield seconds, _seen(whole, frame.shape)


def _looks(path: Path) -> Iterator[tuple[float, Grey]]:
    """Frames that are `LOOKS_S` apart, small and upright, and when they are."""
    due, begun = -math.inf, time.monotonic()
    with open_mp4(path) as (container, stream):
        _check_shape(stream.codec_context.width, stream.codec_context.height)
        for number, frame in enumerate(container.decode(stream)):
            now = float(frame.time) if frame.time is not None else math.inf
            if now > LONGEST_S or number >= MOST_FRAMES:
                raise InputError(
                    f"This clip is longer than {LONGEST_S:.0f} seconds.", "Cut out the part whose camera is meant."
                )
            if time.monotonic() - begun > PATIENCE_S:
                raise InputError("This clip takes too long to be followed.", "Give a smaller copy of it.")
            if now >= due:
                due = now + LOOKS_S
                yield now, _upright(frame)


def _check_shape(width: int, height: int) -> None:
    short, long = sorted((width, height))
    if short < 1 or long > LARGEST_SIDE or long / short > LONGEST_SHAPE:
        raise InputError(f"A clip of {width} x {height} pixels cannot be followed.", "Give a copy of a usual size.")


def _upright(frame: VideoFrame) -> Grey:
    """As players show it: phones film sideways and say so."""
    _check_shape(frame.width, frame.height)
    height = max(2, round(WIDTH * frame.height / frame.width / 2) * 2)
    grey = np.asarray(frame.reformat(WIDTH, height, "gray").to_ndarray(), np.uint8)
    return np.ascontiguousarray(np.rot90(grey, round(frame.rotation / 90)))


def _between(one: Grey, other: Grey) -> NDArray[np.float64]:
    """The similarity `[3, 3]` from one look to the next, in pixels."""
    corners = cv2.goodFeaturesToTrack(one, CORNERS, 0.01, 6)
    if corners is None:
        raise InputError(*NOT_FOLLOWED)
    found, is_found, _ = cv2.calcOpticalFlowPyrLK(one, other, corners, None)  # type: ignore[call-overload]
    kept = is_found[:, 0] > 0
    if kept.sum() < LEAST_FOLLOWED:
        raise InputError(*NOT_FOLLOWED)
    cv2.setRNGSeed(0)
    move, agree = cv2.estimateAffinePartial2D(corners[kept], found[kept], ransacReprojThreshold=1.0)
    if move is None or agree.sum() < LEAST_FOLLOWED:
        raise InputError(*NOT_FOLLOWED)
    return np.vstack([move, (0, 0, 1)])


def _seen(whole: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float64]:
    height, width = shape[:2]
    x, y, _ = np.linalg.inv(whole) @ (width / 2, height / 2, 1)
    roll = -math.degrees(math.atan2(whole[1, 0], whole[0, 0]))
    return np.array([x / width - 0.5, y / height - 0.5, math.log(math.hypot(whole[0, 0], whole[1, 0])), roll])


def _widest(moves: NDArray[np.float64]) -> float:
    """The zoom at the first frame with which no moment shows what is outside of the picture."""
    needed = 2 * np.abs(moves[:, :2]) + np.exp(-moves[:, 2:3])
    return max(1.0, float(needed.max()))


def _key(share: float, move: NDArray[np.float64], zoom: float) -> dict[str, float]:
    x, y = FULL * (0.5 + move[:2] / zoom)
    told = {"t": share, "x": x, "y": y, "zoom": max(1.0, zoom * math.exp(move[2])), "roll": move[3]}
    return {name: round(float(value), 3) for name, value in told.items()}
