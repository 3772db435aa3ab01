"""A camera's path as it was drawn: the part of the picture that is asked for is the part that is shown.

Whatever is as far away as the place it aims at is seen exactly as asked; what is nearer or farther shifts against it,
as far as the picture bears that.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipelines.direction import FULL, CameraKey, CameraPath
from pipelines.families.pocket.amplitude import largest
from pipelines.families.pocket.camera import LEAST_AIM, Matrix, backward, nearness_at, shifted
from pipelines.families.pocket.cards import Deck
from pipelines.families.pocket.course import MOST_BARED, TIMES, bared, cut
from pipelines.families.pocket.framing import EDGE_NAMES, MAX_OVERSCAN, Edges, framing, outside, widest
from pipelines.families.pocket.tempo import there_and_again

NOTHING_CUT = Edges(0.0, 0.0, 0.0, 0.0)

LEAST_SHIFT = 1e-3
"""Share of the picture beyond its edge that is no hole: it is mirrored there."""

MOST_STRETCHED, FEW = 1.25, 4.0
"""Times as large as the aim that anything may become, ground before one's feet above all: it would be smeared; and the
percentage of places that are not asked."""

SAID_FROM = 0.98
"""Share of what was asked for below which a person is told."""


@dataclass(frozen=True)
class View:
    """Where the camera is: the middle (x, y) of what it shows in image widths from the picture's, how many times as
    narrow, radians of roll, and tangents of how far it went around its aim, to the right and upwards."""

    x: float
    y: float
    zoom: float
    roll: float
    orbit: float
    rise: float


@dataclass(frozen=True, eq=False)
class Path:
    """The way of a camera over a deck; implements `pipelines.families.pocket.course.Way`.

    `views [k, 6]` at the times of its keys, the zoom as a logarithm; `nearness` is that of its aim, `depth` the share
    of the way that it travels in place of turning and zooming, `around` the share of its orbits that is left.
    """

    times: NDArray[np.float64]
    views: NDArray[np.float64]
    nearness: float
    depth: float
    around: float
    is_smooth: bool
    loops: bool
    edges: tuple[Edges, ...]
    ratio: float
    told: str = ""

    def through(self, plane: NDArray[np.float64], share: float) -> Matrix:
        """From the frame to a card, in image widths."""
        window = cut(_edges_at(self._paths, share, self.loops), self.ratio)
        return np.asarray(np.linalg.inv(self.seen(plane, share)) @ window, np.float64)

    def moved(self, share: float) -> float:
        """Image widths that the picture has moved by, about."""
        view = self.view(share)
        return (
            math.hypot(view.x, view.y) + abs(view.zoom - 1) / 2 + abs(view.roll) / 2 + abs(view.orbit) + abs(view.rise)
        )

    def seen(self, plane: NDArray[np.float64], share: float) -> Matrix:
        """The homography `[3, 3]` through which a card is seen, in image widths."""
        view = self.view(share)
        middle, around = np.array([view.x, view.y]), np.array([view.orbit, -view.rise]) * self.around
        closer = view.zoom**self.depth
        travel = np.array([*(self.depth * middle + around), 1 - 1 / closer]) / self.nearness
        travelled = np.eye(3) - np.outer(travel, plane)
        back = shifted(closer * (around - (1 - self.depth) * middle))
        return np.asarray(_turned(view.roll, view.zoom / closer) @ back @ travelled, np.float64)

    def view(self, share: float) -> View:
        """Where the camera is at a share of the clip's time."""
        time = there_and_again(share) if self.loops and not self._closes else share
        values = [self._at(time, column) for column in self.views.T]
        values[2] = math.exp(values[2])
        return View(*values)

    def _at(self, time: float, values: NDArray[np.float64]) -> float:
        if not self.is_smooth:
            return float(np.interp(time, self.times, values))
        return _hermite(time, self.times, values)

    @property
    def _closes(self) -> bool:
        return bool(np.allclose(self.views[0], self.views[-1]))

    @cached_property
    def _paths(self) -> list[list[float]]:
        return _paths_of(self.edges)


def path_of(deck: Deck, said: CameraPath, aim: tuple[float, float], loops: bool) -> Path:
    """The path over the cards of a still; `aim` in shares of it."""
    nearness, ratio = nearness_at(deck, aim), deck.labels.shape[0] / deck.labels.shape[1]
    asked = np.array([_view(key, ratio) for key in said.keys])
    views = np.array([_inside(view, ratio) for view in asked])
    # the horizon comes no nearer: towards it a camera can only turn and zoom
    depth = said.depth if nearness > LEAST_AIM else 0.0
    times = np.array([key.t for key in said.keys])
    path = Path(
        times, views, max(nearness, LEAST_AIM), 0.0, 0.0, said.ease == "smooth", loops, _NOT_CUT, ratio
    )  # fmt: skip
    path = _with_most(path, _travelling, depth, lambda each: _is_borne(deck, each, LEAST_SHIFT))
    if np.abs(views[:, 4:]).max() > 0:
        path = _with_most(path, _going_around, 1.0, lambda each: _is_borne(deck, each, MAX_OVERSCAN))
    return replace(path, edges=tuple(_edges(deck, path)), told=_told(asked, path))


def _view(key: CameraKey, ratio: float) -> list[float]:
    orbit, rise = (math.tan(math.radians(angle)) for angle in (key.orbit, key.rise))
    x, y = key.x / FULL - 0.5, (key.y / FULL - 0.5) * ratio
    return [x, y, math.log(key.zoom), math.radians(key.roll), orbit, rise]


def _inside(view: NDArray[np.float64], ratio: float) -> NDArray[np.float64]:
    """The view, so near to the one asked for that no corner of what it shows is outside of the picture."""
    x, y, log_zoom, roll = view[:4]
    sine, cosine = abs(math.sin(roll)), abs(math.cos(roll))
    wide, high = cosine + sine * ratio, sine + cosine * ratio
    zoom = max(math.exp(log_zoom), wide, high / ratio)
    across, down = (1 - wide / zoom) / 2, (ratio - high / zoom) / 2
    return np.array([np.clip(x, -across, across), np.clip(y, -down, down), math.log(zoom), *view[3:]])


Changed = Callable[[Path, float], Path]


def _travelling(path: Path, depth: float) -> Path:
    return replace(path, depth=depth)


def _going_around(path: Path, share: float) -> Path:
    return replace(path, around=share)


def _with_most(path: Path, changed: Changed, most: float, is_fine: Callable[[Path], bool]) -> Path:
    """The path with as much of something as the picture bears."""
    return path if most == 0 else changed(path, largest(lambda amount: is_fine(changed(path, amount)), most))


def _is_borne(deck: Deck, path: Path, most_outside: float) -> bool:
    for time in TIMES[1:]:
        field = _field(deck, path, float(time))
        if bared(deck, field) > MOST_BARED or outside(field).overscan > most_outside:
            return False
        if _stretched(field) > MOST_STRETCHED * path.view(float(time)).zoom:
            return False
    return True


def _stretched(field: NDArray[np.float32]) -> float:
    """How many times as large as in the still things are seen at most, but for a few places where cards part."""
    columns = field.shape[2]
    (across_x, across_y), (down_x, down_y) = (np.gradient(each, 1 / columns, axis=(1, 0)) for each in field)
    area = (1 + across_x) * (1 + down_y) - across_y * down_x
    return float(1 / np.sqrt(max(float(np.percentile(area, FEW)), 1e-3)))


def _edges(deck: Deck, path: Path) -> list[Edges]:
    """What is cut besides: nothing, but where a camera goes around its aim."""
    if path.around == 0:
        return list(_NOT_CUT)
    return _cuts_of([outside(_field(deck, path, float(time))) for time in TIMES[1:]], path.loops)


def _field(deck: Deck, path: Path, share: float) -> NDArray[np.float32]:
    return backward(deck, lambda plane: path.seen(plane, share))


_NOT_CUT = (Edges(0.0, 0.0, 0.0, 0.0),) * len(TIMES)


def _told(asked: NDArray[np.float64], path: Path) -> str:
    wanted, given = np.abs(asked[:, :2]).sum(), np.abs(path.views[:, :2]).sum()
    if given < SAID_FROM * wanted:
        return f"The camera would have left the picture: it goes {given / wanted:.0%} of the way."
    if 0 < path.around < SAID_FROM:
        return f"So far around, the picture ends: the camera goes {path.around:.0%} of the way."
    return ""


def _paths_of(edges: Sequence[Edges]) -> list[list[float]]:
    """What is cut at each of the four edges, one moment after the other."""
    return [[getattr(each, name) for each in edges] for name in EDGE_NAMES]


def _edges_at(paths: list[list[float]], share: float, loops: bool) -> Edges:
    """What is cut at a share of the clip's time, from what is at `TIMES`, or in the middle of what `loops`."""
    if loops:
        return Edges(*(path[0] * there_and_again(share) for path in paths))
    return Edges(*(float(np.interp(share, TIMES, path)) for path in paths))


def _cuts_of(needed: Sequence[Edges], loops: bool) -> list[Edges]:
    """What is cut at `TIMES`, or of what `loops` in its middle alone, where it is `needed` after the first moment."""
    if loops:
        return [widest(needed, [there_and_again(float(time)) for time in TIMES[1:]])]
    return framing([NOTHING_CUT, *needed])


def _turned(angle: float, scale: float) -> Matrix:
    """The picture as a camera that rolls clockwise sees it, larger."""
    sine, cosine = math.sin(angle) * scale, math.cos(angle) * scale
    return np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]])


def _hermite(time: float, times: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Through all values, from rest to rest, never beyond them (Fritsch and Carlson 1980)."""
    if time <= times[0] or time >= times[-1]:
        return float(values[0] if time <= times[0] else values[-1])
    steps = np.diff(times)
    slopes = np.diff(values) / steps
    tangents = np.zeros(len(values))
    same_way = slopes[:-1] * slopes[1:] > 0
    # the harmonic mean: never more than three times the smaller one
    tangents[1:-1][same_way] = (2 * slopes[:-1] * slopes[1:])[same_way] / (slopes[:-1] + slopes[1:])[same_way]
    index = int(np.searchsorted(times, time, "right")) - 1
    h, s = steps[index], (time - times[index]) / steps[index]
    first, last = values[index], values[index + 1]
    bent = (s**3 - 2 * s**2 + s) * h * tangents[index] + (s**3 - s**2) * h * tangents[index + 1]
    return float(first + (last - first) * s * s * (3 - 2 * s) + bent)
