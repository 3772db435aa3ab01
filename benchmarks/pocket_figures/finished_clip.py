"""Figures of finished clips: the first frame, how motion follows the motion control, and the frame rate."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.pocket_figures.bench import Bench, framed, request_of
from benchmarks.report import Figure
from media.clip import write_clip
from media.mp4 import open_mp4, rgb_of
from media.spec import ClipSpec
from pipelines.contract import RGB, FrameChunk
from pipelines.families.pocket.animator import PocketAnimator
from pipelines.request import MotionRequest
from pipelines.shapes import SIZES

SMALL = SIZES["Small"]
"""The field is the same at every size; small clips are measured four times as fast."""

LARGE = SIZES["Standard"]
"""For the frame rate: on a small clip the flow misses a tenth of what moves by less than half a pixel per frame."""

DEFAULT_FPS = 7

SHORT = {"num_frames": 25, "fps": DEFAULT_FPS}
"""As long as the default clip, with fewer frames to measure."""


@dataclass(frozen=True)
class Filmed:
    """`first` is the largest grey-level difference between still and frame 0; `motion` is in image widths per frame."""

    first: int
    motion: float


def film(animator: PocketAnimator, still: RGB, request: MotionRequest) -> Filmed:
    """A clip made, encoded, decoded again and measured."""
    opening: list[RGB] = []
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mp4"
        write_clip(clip, _keeping_first(animator.animate(still, request), opening), ClipSpec.for_request(request))
        motion = measured_motion(clip)
    return Filmed(int(cv2.absdiff(opening[0], still).max()), motion)


def _keeping_first(chunks: Iterable[FrameChunk], opening: list[RGB]) -> Iterator[FrameChunk]:
    for chunk in chunks:
        if chunk.start == 0:
            opening.append(chunk.frames[0].copy())
        yield chunk


def measured_motion(clip: Path) -> float:
    """Mean length of OpenCV's DIS flow (Kroeger et al. 2016, arXiv 1603.03590) between frames, in image widths."""
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flows = (flow.calc(a, b, np.zeros((*a.shape, 2), np.float32)) / a.shape[1] for a, b in _pairs(clip))
    return float(np.mean([np.sqrt(np.square(field).sum(-1)).mean() for field in flows]))


def _pairs(clip: Path) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Neighbouring frames, grey."""
    with open_mp4(clip) as (container, stream):
        frames = (rgb_of(frame) for frame in container.decode(stream))
        grey = (np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8) for rgb in frames)
        yield from itertools.pairwise(grey)


def clip_figures(bench: Bench) -> list[Figure]:
    """The three figures, each for the still on which it is worst."""
    by_bucket: dict[str, list[Filmed]] = {}
    doubled: dict[str, float] = {}
    for file in bench.stills:
        by_bucket[file.stem] = [_filmed(bench, file, SMALL, motion_bucket_id=b) for b in bench.effort.buckets]
        slow, fast = (_filmed(bench, file, LARGE, fps=fps) for fps in (DEFAULT_FPS, 2 * DEFAULT_FPS))
        doubled[file.stem] = fast.motion / slow.motion
    return [_first_frame(by_bucket), _follows_bucket(by_bucket), _follows_fps(doubled)]


def _filmed(bench: Bench, file: Path, size: tuple[int, int], **controls: int) -> Filmed:
    request = request_of(size, **SHORT | controls)
    return film(bench.animator, framed(file, request), request)


def _first_frame(clips: dict[str, list[Filmed]]) -> Figure:
    largest = max(clip.first for several in clips.values() for clip in several)
    count = sum(len(several) for several in clips.values())
    note = f"largest difference of any pixel over {count} clips of {len(clips)} stills"
    return Figure("first frame against the still, before encoding", largest, "grey levels", 0, 0, True, note)


def _follows_bucket(clips: dict[str, list[Filmed]]) -> Figure:
    agreement = {name: spearman([clip.motion for clip in several]) for name, several in clips.items()}
    worst = min(agreement, key=lambda name: agreement[name])
    steps = ", ".join(f"{100 * clip.motion:.3f}" for clip in clips[worst])
    note = f"mean {np.mean(list(agreement.values())):.3f}; worst is {worst}: {steps} % of the width per frame"
    return Figure("motion over the motion control: Spearman, worst still", agreement[worst], "", 0.98, 1, False, note)


def spearman(values: list[float]) -> float:
    """Rank correlation of values with their order; 1 where they rise throughout. Assumes no ties."""
    ranks = np.argsort(np.argsort(values))
    return round(float(np.corrcoef(ranks, np.arange(len(values)))[0, 1]), 6)


def _follows_fps(ratios: dict[str, float]) -> Figure:
    off = {name: 100 * abs(ratio / 0.5 - 1) for name, ratio in ratios.items()}
    worst = max(off, key=lambda name: off[name])
    note = f"ratio {np.mean(list(ratios.values())):.3f} on average; worst is {worst}: {ratios[worst]:.3f}"
    return Figure("motion per frame when fps doubles: off one half, worst still", off[worst], "%", 10, 3, True, note)
