"""Frames to write, and a reader of clips that shares no code with the room under test."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np

from media.spec import ClipSpec
from pipelines.contract import FrameChunk


def moving_frames(num_frames, width, height):
    """uint8 `[n, height, width, 3]`: a soft pattern that moves, with a number of bright columns per frame."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    frames = np.empty((num_frames, height, width, 3), np.uint8)
    for index in range(num_frames):
        wave = np.sin((x + 4 * index) / 17) + np.cos((y - 3 * index) / 23)
        frames[index] = np.stack([128 + 50 * wave, 110 + 30 * wave, 140 - 40 * wave], axis=-1)
    return frames


def chunked(frames, size=4):
    """The frames as chunks of at most `size`."""
    for start in range(0, len(frames), size):
        yield FrameChunk(start, frames[start : start + size])


def spec_of(frames, fps=Fraction(7), recipe=""):
    """The spec that these frames fulfil."""
    return ClipSpec(frames.shape[2], frames.shape[1], len(frames), fps, recipe)


def decoded(path):
    """(frames uint8 `[n, H, W, 3]` by the BT.709 formulas alone, presentation times in seconds)."""
    frames, times = [], []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            frames.append(_to_rgb(*_planes(frame)))
            times.append(frame.pts * frame.time_base)
    return np.stack(frames), times


def _planes(frame):
    assert frame.format.name == "yuv420p"
    stacked = frame.to_ndarray().astype(np.float64)
    height, width = frame.height, frame.width
    luma, chroma = stacked[:height], stacked[height:].reshape(2, height // 2, width // 2)
    return luma, *(plane.repeat(2, axis=0).repeat(2, axis=1) for plane in chroma)


def _to_rgb(luma, blue, red):
    """ITU-R BT.709-6, limited range of 8 bits."""
    y, cb, cr = (luma - 16) / 219, (blue - 128) / 224, (red - 128) / 224
    r, b = y + 1.5748 * cr, y + 1.8556 * cb
    g = (y - 0.2126 * r - 0.0722 * b) / 0.7152
    return np.rint(np.clip(np.stack([r, g, b], axis=-1), 0, 1) * 255).astype(np.uint8)
