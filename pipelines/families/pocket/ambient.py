"""What moves by itself: clouds, water, plants, smoke, lights, what breathes, from rest and without end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipelines.families.pocket.amplitude import eased
from pipelines.families.pocket.happening import Floats
from pipelines.families.pocket.tempo import there_and_again, whole_part, whole_turns

COLUMNS = 256
"""At which what moves by itself is described; pixels between are interpolated."""

RAMP_SHARE = 0.12
"""Of the clip's time in which things come up to speed."""

STREAM_S = 1.8
"""Seconds after which what flows begins again, seen through its other half (two-phase flow maps, Vlachos 2010)."""

FARTHEST = 0.09
"""Image widths that either copy of what streams is from its place at most."""

BREATHS = 0.27
"""A second: sixteen a minute."""

GUST, SHIFT = 1.1, 0.9
"""Radians a second of the gusts, and of the weight that what breathes shifts from one side to the other."""


@dataclass(frozen=True, eq=False)
class Ambient:
    """Everything on a grid of `COLUMNS`: `stream [2, h, w]` in image widths a second, amplitudes `[h, w]` in image
    widths. `nearness [h, w]` is 1 for the nearest; `phases` are drawn by the seed. `bend [2, h, w]` is how far in image
    widths what was drawn to bend has gone by the end. What `loops` is after its seconds as it was before them.
    `within` float32 `[H, W]`, at the still's own size, is 0 where nothing may move at all. What goes `backwards` is
    seen so many seconds before the still.
    """

    stream: Floats
    ripple: Floats
    sway: Floats
    breath: Floats
    bend: Floats
    lights: Floats
    nearness: Floats
    foot: float
    phases: NDArray[np.float64]
    seconds: float
    loops: bool = False
    within: Floats | None = None
    backwards: bool = False

    @property
    def has_stream(self) -> bool:
        """Whether anything flows or drifts visibly."""
        return float(np.hypot(*self.stream).max()) * STREAM_S > STILL

    @property
    def has_lights(self) -> bool:
        """Whether anything flickers visibly."""
        return float(self.lights.max()) > 2 / 255

    def jitter(self) -> float:
        """Image widths by which places at the edge of the picture may come from outside, at most."""
        total = self.ripple + self.sway + self.breath
        rim = np.concatenate([total[0], total[-1], total[:, 0], total[:, -1]])
        return float(min(np.percentile(rim, 98), MOST_JITTER))

    def wobble(self, t: float) -> Floats:
        """Backward displacement `[2, h, w]` in image widths, `t` seconds after the still."""
        moved = self._ramp(t) * (self._rippled(t) + self._swayed(t) + self._breathed(t))
        # where a frame comes from is the other way
        return np.asarray(moved - self.bend * np.float32(self._bent(t)), np.float32)

    def phase(self, t: float) -> tuple[float, float, float]:
        """Seconds along the stream of both copies, and the second one's weight: 0 and 0 at the still."""
        t = self._from_rest(t)
        again, turn = (-self._again if self.backwards else self._again), t / self._again
        first, second = (turn + 0.5) % 1 - 0.5, turn % 1 - 0.5
        return first * again, second * again, 2 * abs(first)

    def gain(self, t: float) -> Floats:
        """By what the brightness of each place is multiplied, `[h, w]`."""
        waves = zip(FLICKERS, self.phases[: len(FLICKERS)], strict=True)
        wave = sum(np.sin(self._rate(rate) * t + phase) - np.sin(phase) for rate, phase in waves)
        return np.asarray(1 + self._ramp(t) * self.lights * np.float32(wave / len(FLICKERS)), np.float32)

    @cached_property
    def _again(self) -> float:
        """Seconds after which what streams begins again: sooner where it is fast, so that nothing is pulled apart."""
        fastest = float(np.hypot(*self.stream).max())
        period = min(STREAM_S, FARTHEST / max(fastest, 1e-6))
        return whole_part(period, self.seconds) if self.loops else period

    def _rate(self, rate: float) -> float:
        rate = whole_turns(rate, self.seconds) if self.loops else rate
        return -rate if self.backwards else rate

    def _bent(self, t: float) -> float:
        share = min(1.0, t / max(self.seconds, 1e-6))
        return there_and_again(share) if self.loops else float(eased(share))

    def _ramp(self, t: float) -> np.float32:
        if self.loops:
            return np.float32(1)
        share = min(1.0, t / max(RAMP_SHARE * self.seconds, 1e-6))
        return np.float32(eased(share))

    def _from_rest(self, t: float) -> float:
        ramp = 0.0 if self.loops else RAMP_SHARE * self.seconds
        return t * t / (2 * ramp) if t < ramp else t - ramp / 2

    def _rippled(self, t: float) -> Floats:
        """Travelling waves that are shorter the farther away, and fade where they would be finer than the grid."""
        found = np.zeros((2, *self.ripple.shape), np.float32)
        for wave in self._ripples:
            found[1] += wave.since(t)
            found[0] += SIDEWAYS * wave.a_quarter_later(t)
        return found

    def _swayed(self, t: float) -> Floats:
        """A few frequencies, with gusts that travel."""
        found = np.zeros((2, *self.sway.shape), np.float32)
        gust = 0.65 + 0.35 * np.sin(2 * np.pi * 0.8 * self._x - self._rate(GUST) * t + self.phases[0])
        for wave in self._swings:
            swing = wave.since(t)
            found += np.stack([gust * swing, 0.3 * swing])
        return found

    def _breathed(self, t: float) -> Floats:
        """Up a little, more so the higher above its foot."""
        reach = self.breath * np.clip((self.foot - self._y) / 0.25, 0, 1)
        swing = 0.5 - 0.5 * np.cos(self._rate(2 * np.pi * BREATHS) * t)
        return np.stack([reach * np.float32(0.5 * np.sin(self._rate(SHIFT) * t)), reach * np.float32(swing)])

    @cached_property
    def _x(self) -> Floats:
        return ((np.arange(self.ripple.shape[1], dtype=np.float32) + np.float32(0.5)) / self.ripple.shape[1])[None]

    @cached_property
    def _y(self) -> Floats:
        rows, columns = self.ripple.shape
        return ((np.arange(rows, dtype=np.float32) + np.float32(0.5)) / columns)[:, None]

    @cached_property
    def _ripples(self) -> list[_Wave]:
        if float(self.ripple.max()) * COLUMNS < FINEST:
            return []
        depth, waves = 1 / np.maximum(self.nearness, 0.03), []
        for number, (count, rate) in enumerate(WAVES):
            turn = np.float32(0.5 * np.sin(self.phases[number]))
            angle = 2 * np.pi * count * (self._x * turn + DEPTH_WAVES) * depth + self.phases[number]
            fade = np.clip(1.3 - count * depth / 12, 0, 1) / (number + 1) ** 0.7
            waves.append(_Wave.of(self._rate(rate), angle, 0.5 * fade * self.ripple))
        return waves

    @cached_property
    def _swings(self) -> list[_Wave]:
        if float(self.sway.max()) * COLUMNS < FINEST:
            return []
        angles = (2 * np.pi * (across * self._x + down * self._y) for across, down, _, _ in SWAYS)
        return [
            _Wave.of(self._rate(rate), angle + self.phases[number], 0.6 * share * self.sway)
            for number, (angle, (_, _, rate, share)) in enumerate(zip(angles, SWAYS, strict=True))
        ]


@dataclass(frozen=True, eq=False)
class _Wave:
    """`size * sin(angle - rate * t)` on a grid, with what does not change in time worked out once."""

    rate: float
    sine: Floats
    cosine: Floats

    @staticmethod
    def of(rate: float, angle: NDArray[np.floating], size: NDArray[np.floating]) -> _Wave:
        """From an angle in radians and a size, each `[h, w]`."""
        sine, cosine = (np.asarray(size * wave, np.float32) for wave in (np.sin(angle), np.cos(angle)))
        return _Wave(rate, sine, cosine)

    def since(self, t: float) -> Floats:
        """How far it is from where it was at 0."""
        turned = self.rate * t
        return self.sine * np.float32(np.cos(turned) - 1) - self.cosine * np.float32(np.sin(turned))

    def a_quarter_later(self, t: float) -> Floats:
        """The same of its cosine."""
        turned = self.rate * t
        return self.cosine * np.float32(np.cos(turned) - 1) + self.sine * np.float32(np.sin(turned))


WAVES = ((1.0, 2.1), (1.7, 2.9), (2.9, 3.8), (4.3, 4.7))
"""Waves across the picture at its nearest, and radians a second, of each wave on water."""

DEPTH_WAVES, SIDEWAYS = 2.2, 0.3

FLICKERS = (7.3, 11.9, 17.1)
"""Radians a second."""

SWAYS = ((1.3, 0.9, 2.2, 1.0), (3.1, -2.3, 3.6, 0.5), (7.0, 5.0, 6.1, 0.3))
"""Waves across and down the picture, radians a second, and share, of each frequency of swaying."""

FINEST = 0.02
"""Places of the grid: what moves less is not drawn."""

STILL = 2e-4
"""Image widths that nobody sees."""

MOST_JITTER = 0.004
