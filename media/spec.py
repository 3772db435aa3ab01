"""What a clip is to be: its size, length, rate and recipe."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from pipelines.errors import ClipError
from pipelines.request import MotionRequest

_NTSC = Fraction(1001, 1000)
"""The broadcast rates 23.976, 29.97 and 59.94 are 24, 30 and 60 divided by it (SMPTE ST 2036-1)."""

_NTSC_TOLERANCE = 0.005
"""Frames per second between a broadcast rate and how people write it: 23.98 for 23.97602."""

_SMALL_DENOMINATOR = 8
"""Halves, quarters and thirds of a frame per second are meant as they are written."""

_LARGEST_DENOMINATOR = 1001
"""Every other rate is brought to a fraction with at most this denominator: exact to a millionth."""


@dataclass(frozen=True)
class ClipSpec:
    """What is to be written: `width` x `height` in pixels, `num_frames` at `fps` frames per second.

    `recipe` is the JSON text that is stored inside the clip, or empty. Raises `ClipError` for sizes, counts or rates
    that no clip can have.
    """

    width: int
    height: int
    num_frames: int
    fps: Fraction
    recipe: str = ""

    def __post_init__(self) -> None:
        if min(self.width, self.height) < 1:
            raise ClipError(f"A clip cannot be {self.width} x {self.height} pixels.", "Use sizes above 0.")
        if self.num_frames < 1 or self.fps <= 0:
            raise ClipError(
                f"A clip cannot have {self.num_frames} frames at {self.fps} frames per second.",
                "Ask for at least one frame and a rate above 0.",
            )

    @classmethod
    def for_request(cls, request: MotionRequest, recipe: str = "") -> ClipSpec:
        """The clip that a request asks for, with `recipe` inside."""
        rate = exact_rate(request.file_fps) * request.interpolation
        return cls(request.clip_width, request.clip_height, request.clip_frames, rate, recipe)

    def even(self) -> ClipSpec:
        """The same with sizes rounded up to even ones, which 4:2:0 video needs."""
        return replace(self, width=self.width + self.width % 2, height=self.height + self.height % 2)

    @property
    def seconds(self) -> float:
        """Length of the clip in seconds."""
        return float(self.num_frames / self.fps)


def exact_rate(fps: float) -> Fraction:
    """The frame rate that is meant: 7 is 7, 12.5 is 25/2, 23.976 is 24000/1001, 29.97 is 30000/1001."""
    plain = Fraction(fps).limit_denominator(_SMALL_DENOMINATOR)
    if abs(plain - fps) < 1e-6:
        return plain
    broadcast = round(fps * _NTSC) / _NTSC
    if abs(broadcast - fps) < _NTSC_TOLERANCE:
        return broadcast
    return Fraction(fps).limit_denominator(_LARGEST_DENOMINATOR)
