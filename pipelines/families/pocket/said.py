"""What was said about the picture, over what it does by itself: regions, arrows, and places that keep still."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.direction import Arrow, Direction, Point, Region
from pipelines.eyes.materials import MATERIALS
from pipelines.eyes.seen import Sight
from pipelines.families.pocket.ambient import COLUMNS, Ambient
from pipelines.families.pocket.arrows import Drawn, field_of
from pipelines.families.pocket.happening import Floats
from pipelines.families.pocket.masks import Mask
from pipelines.families.pocket.places import along, in_widths, spots
from pipelines.families.pocket.stirring import BREATH, DRIFT_SPEED, FLOW_SPEED, RIPPLE, SWAY
from pipelines.outlines import filled

ACROSS_S = 2.5
"""Seconds in which what flows goes from one end of an arrow to the other, where no speed was said."""

ANCHOR = 0.02
"""Image widths around an anchor that keep still."""

FEATHER = 0.012
"""Image widths inside a region's outline over which its motion begins."""

KINDS = (("sky", "cloud", "mist"), ("water", "flow"), ("plant",), ("living",), ("ground", "solid"))
"""Materials that an arrow goes on through: it stops where another kind begins."""

NOTHING = 1e-3
"""Share of the largest velocity below which an arrow says nothing any more."""

DOWN, RIGHT = np.array([0.0, 1.0]), np.array([1.0, 0.0])


@dataclass(frozen=True, eq=False)
class Stage:
    """What arrows and regions are drawn on: what was found in the still, and how strongly things move."""

    sight: Sight
    vigour: float

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the still."""
        height, width = self.sight.subject.shape
        return height, width

    @cached_property
    def shares(self) -> Floats:
        """Shares of the materials `[9, h, w]` on the ambient's grid."""
        return np.stack([_small(each, self) for each in self.sight.materials])

    @cached_property
    def kinds(self) -> NDArray[np.int64]:
        """Which of `KINDS` each place is, `[h, w]`."""
        of_each = [self.shares[[MATERIALS.index(name) for name in names]].sum(0) for names in KINDS]
        return np.asarray(np.argmax(np.stack(of_each), 0), np.int64)


def directed(ambient: Ambient, said: Direction, stage: Stage) -> Ambient:
    """The same with what was said; bit by bit the same where nothing was."""
    if said.loop:
        ambient = replace(ambient, loops=True)
    for kind in said.calm:
        ambient = _calm(ambient, stage, kind)
    if not (said.regions or said.arrows or said.anchors or said.only):
        return ambient
    if said.only:
        ambient = _calmed(ambient, np.zeros_like(ambient.ripple))
    masks = [filled(region.outlines, *stage.size).astype(np.float32) for region in said.regions]
    for region, mask in zip(said.regions, masks, strict=True):
        ambient = _obeyed(ambient, region, mask, stage)
    flows, bends = ([arrow for arrow in said.arrows if arrow.do == kind] for kind in ("flow", "bend"))
    columns, rows = _grid(*stage.size)
    still = np.argwhere(spots(said.anchors, (rows, columns), round(ANCHOR * COLUMNS)))
    ambient = _streamed(ambient, flows, still, stage)
    if bends:
        ambient = replace(ambient, bend=field_of(_drawn(bends, still, stage, _whole_way), stage.kinds))
    return replace(ambient, within=_within(ambient, said, masks, stage))


def _calm(ambient: Ambient, stage: Stage, kind: str) -> Ambient:
    """One kind of thing does not move by itself: of what two kinds do, each place is of the one that has more of it."""
    alone, shared, other = CALMED[kind]
    fields = {alone: np.zeros_like(ambient.lights)} if alone else {}
    if shared:
        mine, theirs = (_share(stage, each) for each in (kind, other))
        fields[shared] = np.where(theirs > mine, getattr(ambient, shared), np.float32(0))
    return _changed(ambient, fields)


def _share(stage: Stage, kind: str) -> Floats:
    return np.asarray(sum(stage.shares[MATERIALS.index(name)] for name in MADE_OF[kind]), np.float32)


CALMED = {
    "clouds": ("", "stream", "water"),
    "water": ("ripple", "stream", "clouds"),
    "plants": ("", "sway", "living"),
    "living": ("breath", "sway", "plants"),
    "lights": ("lights", "", ""),
}
"""What each kind alone does, and what it does as another kind does too."""

MADE_OF = {"clouds": ("cloud", "mist", "sky"), "water": ("water", "flow"), "plants": ("plant",), "living": ("living",)}
"""Materials of each kind of thing that moves by itself; lights may be on any."""


def _obeyed(ambient: Ambient, region: Region, mask: Floats, stage: Stage) -> Ambient:
    """One region, of a mask `[H, W]`, does what it was told."""
    if region.do == "move":
        return ambient
    part = _small(mask, stage)
    if region.do == "auto":
        return _calmed(ambient, 1 + part * np.float32(region.strength - 1))
    others = _calmed(ambient, 1 - part)
    size = np.float32(region.strength * stage.vigour) * part
    if region.do in STREAMS:
        speed, usual = STREAMS[region.do]
        way = usual if region.toward is None else _unit(region.toward)
        return replace(others, stream=others.stream + (speed * way)[:, None, None].astype(np.float32) * size)
    if region.do in SWINGS:
        name, amplitude = SWINGS[region.do]
        changed = _changed(others, {name: getattr(others, name) + np.float32(amplitude) * size})
        return replace(changed, foot=_foot(part)) if region.do == "breathe" else changed
    return others


STREAMS = {"flow": (FLOW_SPEED, DOWN), "drift": (DRIFT_SPEED, RIGHT)}
"""Image widths a second of what goes somewhere, and where, unless something else is said."""

SWINGS = {"ripple": ("ripple", RIPPLE), "sway": ("sway", SWAY), "breathe": ("breath", BREATH)}
"""Which amplitude belongs to what goes to and fro."""


def _calmed(ambient: Ambient, share: Floats) -> Ambient:
    """Everything that moves by itself, times a share of each place."""
    names = ("stream", "ripple", "sway", "breath", "lights")
    return _changed(ambient, {name: np.asarray(getattr(ambient, name) * share, np.float32) for name in names})


def _changed(ambient: Ambient, fields: dict[str, Any]) -> Ambient:
    return replace(ambient, **fields)


def _small(mask: Floats, stage: Stage) -> Floats:
    return np.asarray(cv2.resize(mask, _grid(*stage.size), interpolation=cv2.INTER_AREA), np.float32)


def _streamed(ambient: Ambient, arrows: list[Arrow], still: NDArray[np.int64], stage: Stage) -> Ambient:
    """What is under arrows goes along them, and has no other motion of its own there."""
    if not arrows:
        return ambient
    drawn = field_of(_drawn(arrows, still, stage, _velocity), stage.kinds)
    length = np.hypot(*drawn)
    share = np.clip(length / (ARROWS_OWN * float(length.max())), 0, 1)
    # what is drawn is exactly so: the stream that was there gives way, and so does what goes to and fro
    calm = _calmed(ambient, np.asarray(1 - share, np.float32))
    return replace(calm, stream=calm.stream + drawn)


ARROWS_OWN = 0.5
"""Share of the fastest arrow from which a place does nothing but go along with it."""


def _velocity(arrow: Arrow, path: NDArray[np.float64]) -> NDArray[np.float64]:
    """Image widths a second along a path in image widths."""
    speed = arrow.speed or float(along(path)[-1]) / ACROSS_S
    tangents = np.gradient(path, axis=0)
    return np.asarray(tangents / np.maximum(np.hypot(*tangents.T), 1e-9)[:, None] * speed, np.float64)


def _whole_way(arrow: Arrow, path: NDArray[np.float64]) -> NDArray[np.float64]:
    """From the beginning of a path to its end, for its beginning alone."""
    return np.asarray(np.tile(path[-1] - path[0], (1, 1)), np.float64)


Valued = Callable[[Arrow, NDArray[np.float64]], NDArray[np.float64]]


def _drawn(arrows: list[Arrow], still: NDArray[np.int64], stage: Stage, valued: Valued) -> Drawn:
    """What is known of a field: along the arrows, nothing at places that keep still, and nothing where no arrow is."""
    places, values = [still], [np.zeros((len(still), 2))]
    touched = np.zeros(int(stage.kinds.max()) + 1, np.bool_)
    for arrow in arrows:
        path = _resampled(arrow.path, stage.size)
        of_each = valued(arrow, path)
        here = np.floor(path[: len(of_each), ::-1] * COLUMNS).astype(np.int64)
        of_each = of_each[_is_in(here, stage)]
        here = here[_is_in(here, stage)]
        touched[stage.kinds[tuple(here.T)]] = True
        for offset in BRUSH:
            beside = here + offset
            same = _is_in(beside, stage)
            same[same] = stage.kinds[tuple(beside[same].T)] == stage.kinds[tuple(here[same].T)]
            places.append(beside[same])
            values.append(of_each[same])
    untouched = np.argwhere(~touched[stage.kinds])
    return Drawn(np.concatenate([*places, untouched]), np.concatenate([*values, np.zeros((len(untouched), 2))]))


def _resampled(path: Iterable[Point], size: tuple[int, int]) -> NDArray[np.float64]:
    """A path in image widths, by steps of a place of the grid."""
    points = in_widths(path, size)
    way = along(points)
    steps = np.linspace(0, way[-1], max(2, round(way[-1] * COLUMNS) + 1))
    return np.stack([np.interp(steps, way, each) for each in points.T], 1)


def _is_in(places: NDArray[np.int64], stage: Stage) -> NDArray[np.bool_]:
    return np.asarray(((places >= 0) & (places < stage.kinds.shape)).all(1))


BRUSH = np.argwhere(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))) - 4
"""Places of the grid around an arrow that go exactly as it does: it is as wide as a finger."""


def _within(ambient: Ambient, said: Direction, masks: list[Floats], stage: Stage) -> Floats:
    """Where anything may move at all, float32 `[H, W]`: 0 exactly outside of what was said, and where it was held."""
    height, width = stage.size
    moving = np.ones(stage.size, np.float32)
    parts = list(zip(said.regions, masks, strict=True))
    if said.only:
        moving = np.max(
            [
                np.zeros(stage.size, np.float32),
                *(_feathered(mask) for region, mask in parts if region.do != "still"),
            ],
            0,
        )
        arrows = np.hypot(*ambient.stream) + np.hypot(*ambient.bend) if said.arrows else None
        if arrows is not None:
            reached = np.clip(arrows / max(float(arrows.max()), 1e-9) - NOTHING, 0, NOTHING) / NOTHING
            moving = np.maximum(moving, cv2.resize(reached, (width, height), interpolation=cv2.INTER_LINEAR))
    for region, mask in parts:
        if region.do == "still":
            moving *= _kept_out(mask)
    for anchor in said.anchors:
        moving *= _kept_out(spots([anchor], stage.size, round(ANCHOR * width)))
    return np.asarray(moving, np.float32)


def _feathered(mask: Floats) -> Floats:
    """Rising from 0 at the outline to 1 inside."""
    distance = cv2.distanceTransform(np.pad(mask, 1, mode="edge").astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    return np.asarray(np.clip((distance[1:-1, 1:-1] - 1) / (FEATHER * mask.shape[1]), 0, 1), np.float32)


def _kept_out(mask: Floats | Mask) -> Floats:
    """0 inside, rising to 1 outside."""
    if not mask.any():
        return np.ones(mask.shape, np.float32)
    distance = cv2.distanceTransform((mask == 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    return np.asarray(np.clip((distance - 1) / (FEATHER * mask.shape[1]), 0, 1), np.float32)


def _foot(part: Floats) -> float:
    inside = np.flatnonzero((part > 0.5).any(1))
    return float((inside[-1] + 1) / COLUMNS) if len(inside) else part.shape[0] / COLUMNS


def _unit(degrees: float) -> NDArray[np.float64]:
    angle = np.deg2rad(degrees)
    return np.array([np.cos(angle), np.sin(angle)])


def _grid(height: int, width: int) -> tuple[int, int]:
    return COLUMNS, max(2, round(COLUMNS * height / width))
