"""`Direction`: what somebody says about the motion itself. Where the camera goes, what moves, which way, what stays.

Places are (x, y) in thousandths of the width and of the height of the whole still, as it is seen upright: size and crop
of the clip do not matter. x goes to the right and y down. Times are shares of the clip, angles degrees clockwise as
seen (0 to the right, 90 down), speeds shares of the still's width a second.
"""

from __future__ import annotations

import functools
import itertools
import json
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipelines.errors import RequestError

FULL = 1000
"""Units across a still, and down it."""

MOST_LETTERS = 16_384
"""Of a direction as JSON: three outlines, six arrows and a camera's path have about 3,000."""

MOST_POINTS = 512
"""Of a region's outlines together, or of an arrow."""

MOST_OUTLINES = 64
"""Of a region."""

MOST_STILLS = 8
"""On the way of one clip."""

Unit = Annotated[float, Field(ge=0, le=FULL)]

Point = tuple[Unit, Unit]

Act = Literal["auto", "still", "flow", "drift", "ripple", "sway", "breathe", "move"]
"""What a region does; auto: as the picture says; move: it is cut out and goes along its path."""

Kind = Literal["clouds", "water", "plants", "living", "lights"]
"""What moves by itself."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


P = TypeVar("P", bound=_Part)


class CameraKey(_Part):
    """Where the camera is at a time: it shows the part of the still around (x, y) that is `zoom` times as narrow.

    `roll` turns the camera about that place; `orbit` and `rise` carry it around it, to the right and upwards: what is
    nearer or farther than that place shifts against it. All in degrees.
    """

    t: float = Field(0.0, ge=0, le=1)
    x: Unit = 500.0
    y: Unit = 500.0
    zoom: float = Field(1.0, ge=1, le=4)
    roll: float = Field(0.0, ge=-45, le=45)
    orbit: float = Field(0.0, ge=-20, le=20)
    rise: float = Field(0.0, ge=-20, le=20)


class CameraPath(_Part):
    """The camera's way: two keys or more in the order of their times, or none, and then `camera` says the move.

    `aim` is the place whose distance counts as the picture's; without one, where the picture draws the eye. `depth` 0
    turns and zooms only, 1 travels as far as the picture bears. `shake` is that of a hand, `strength` multiplies a
    named move.
    """

    keys: tuple[CameraKey, ...] = Field((), max_length=32)
    ease: Literal["smooth", "linear"] = "smooth"
    aim: Point | None = None
    depth: float = Field(1.0, ge=0, le=1)
    shake: float = Field(0.0, ge=0, le=1)
    strength: float = Field(1.0, ge=0, le=3)

    @model_validator(mode="after")
    def _keys_are_in_order(self) -> CameraPath:
        times = [key.t for key in self.keys]
        if len(times) == 1:
            raise ValueError("A camera's path has two keys or more. Add where it ends.")
        if any(later <= earlier for earlier, later in itertools.pairwise(times)):
            raise ValueError("The camera's keys are out of order. Give them by rising t.")
        return self


class Region(_Part):
    """A part of the still, by closed outlines of which each switches between inside and outside, and what it does.

    `toward` is where it flows or drifts; `strength` 1 is as usual. What moves goes along `path` as a whole, from the
    path's beginning, which is where it is, to its end when the clip ends; what it bares is carried on from around it.
    """

    outlines: tuple[tuple[Point, ...], ...] = Field(min_length=1, max_length=MOST_OUTLINES)
    do: Act = "auto"
    toward: float | None = Field(None, ge=-360, le=360)
    strength: float = Field(1.0, ge=0, le=3)
    path: tuple[Point, ...] = Field((), max_length=MOST_POINTS)

    @model_validator(mode="after")
    def _has_a_way(self) -> Region:
        if (self.do == "move") != (len(self.path) > 1):
            raise ValueError("A part that moves, and no other, has a path of two places or more. Drag where it goes.")
        return self

    @model_validator(mode="after")
    def _is_a_part(self) -> Region:
        if sum(map(len, self.outlines)) > MOST_POINTS:
            raise ValueError(f"An outline has at most {MOST_POINTS} points. Draw it with fewer.")
        if any(len(outline) < LEAST_CORNERS for outline in self.outlines):
            raise ValueError(f"An outline has at least {LEAST_CORNERS} points. Draw around the part.")
        return self


LEAST_CORNERS = 3


class Arrow(_Part):
    """Drawn on what goes along it. `do` "flow": it streams for ever, at `speed`, or the faster the longer the arrow;
    "bend": what is at its beginning is at its end when the clip ends, and bends what it hangs on.
    """

    path: tuple[Point, ...] = Field(min_length=2, max_length=MOST_POINTS)
    do: Literal["flow", "bend"] = "flow"
    speed: float | None = Field(None, gt=0, le=0.5)

    @model_validator(mode="after")
    def _has_a_length(self) -> Arrow:
        if all(point == self.path[0] for point in self.path):
            raise ValueError("An arrow of no length says nothing. Drag it farther.")
        return self


class StillKey(_Part):
    """Another still that the clip shows at a time, whole and exactly; `of` is the SHA-256 of its file."""

    t: float = Field(gt=0, le=1)
    of: str = Field(pattern="^[0-9a-f]{64}$")


class Direction(_Part):
    """All that was said. The empty one says nothing, and changes nothing.

    `only`: nothing moves but what regions and arrows say, and the camera holds. `anchors` are places that keep still.
    `loop`: the clip's end is its beginning. `calm` are kinds of things that do not move by themselves. `stills` are
    further ones on the way, in the order of their times: one at 1 is what the clip ends with.
    """

    camera: CameraPath = CameraPath()
    regions: tuple[Region, ...] = Field((), max_length=16)
    arrows: tuple[Arrow, ...] = Field((), max_length=32)
    anchors: tuple[Point, ...] = Field((), max_length=64)
    calm: tuple[Kind, ...] = Field((), max_length=5)
    only: bool = False
    loop: bool = False
    stills: tuple[StillKey, ...] = Field((), max_length=MOST_STILLS)

    @model_validator(mode="after")
    def _stills_are_in_order(self) -> Direction:
        times = [still.t for still in self.stills]
        if any(later <= earlier for earlier, later in itertools.pairwise(times)):
            raise ValueError("The stills on the way are out of order. Give them by rising t.")
        if self.loop and times and times[-1] == 1:
            raise ValueError("A loop ends with its first still. Take the last still away, or give it a t below 1.")
        return self

    @property
    def parts(self) -> frozenset[str]:
        """Names of the parts that say something."""
        return frozenset(self.brief())

    def elsewhere(self) -> Direction:
        """What of it is about no place: it can be said of another picture as well."""
        camera = self.camera.model_copy(update={"keys": (), "aim": None})
        return Direction(camera=camera, loop=self.loop, stills=self.stills)

    def within(self, window: tuple[float, float, float, float]) -> Direction:
        """As seen in a part of the still: its left, top, right and bottom as shares. Places may lie outside."""
        seen = _Window(*window)
        camera, regions = self.camera, self.regions
        keys = tuple(_with(key, zip(("x", "y"), seen.place((key.x, key.y)), strict=True)) for key in camera.keys)
        aim = None if camera.aim is None else seen.place(camera.aim)
        return _with(
            self,
            {
                "camera": _with(camera, {"keys": keys, "aim": aim}),
                "regions": tuple(_with(each, seen.region(each)) for each in regions),
                "arrows": tuple(_with(each, seen.arrow(each)) for each in self.arrows),
                "anchors": seen.line(self.anchors),
            },
        )

    def brief(self) -> dict[str, Any]:
        """As JSON has it, without what says nothing."""
        told = self.model_dump(mode="json", exclude_defaults=True)
        return {name: _short(value) for name, value in told.items() if value not in ({}, [])}


class _Window(NamedTuple):
    """A part of the still, in shares of it."""

    left: float
    top: float
    right: float
    bottom: float

    def place(self, point: Point) -> Point:
        """A place of the still as a place of the part."""
        x, y = point
        across = (x - FULL * self.left) / (self.right - self.left)
        return across, (y - FULL * self.top) / (self.bottom - self.top)

    def line(self, points: tuple[Point, ...]) -> tuple[Point, ...]:
        """Places one after the other."""
        return tuple(map(self.place, points))

    def region(self, region: Region) -> dict[str, Any]:
        """Outlines and path of a region."""
        return {"outlines": tuple(map(self.line, region.outlines)), "path": self.line(region.path)}

    def arrow(self, arrow: Arrow) -> dict[str, Any]:
        """Path and speed of an arrow."""
        speed = None if arrow.speed is None else arrow.speed / (self.right - self.left)
        return {"path": self.line(arrow.path), "speed": speed}


def _with(part: P, changes: Any) -> P:
    """A copy that is not checked anew: what lies outside of a crop is no mistake."""
    return part.model_copy(update=dict(changes))


@functools.cache
def direction_schema() -> dict[str, Any]:
    """The JSON schema of a direction, whole: every part stands where it is used."""
    schema = Direction.model_json_schema()
    return dict(_inlined(schema, schema.pop("$defs")))


def _inlined(schema: Any, parts: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_inlined(each, parts) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(parts[schema["$ref"].rpartition("/")[2]], parts)
    return {name: _inlined(value, parts) for name, value in schema.items()}


PART_NAMES = {
    "camera": "what is said of the camera",
    "regions": "regions",
    "arrows": "arrows",
    "anchors": "places that keep still",
    "calm": "which kinds of things keep calm",
    "only": "that only some of it moves",
    "loop": "a loop",
    "stills": "further stills",
}
"""What each part of a direction is called in a sentence."""


def direction_of(told: object) -> Direction:
    """A direction from JSON, as text or read already; no text is the empty one. Raises `RequestError`."""
    if isinstance(told, Direction):
        return told
    fields = _read(told) if isinstance(told, str) else told
    if not isinstance(fields, dict):
        raise RequestError("A direction is an object of JSON.", 'Give it like {"loop": true}.')
    if not isinstance(told, str) and len(json.dumps(fields, default=str)) > MOST_LETTERS:
        raise RequestError(*_TOO_LONG)
    try:
        return Direction.model_validate(fields)
    except ValidationError as error:
        raise RequestError(*_in_words(error.errors()[0])) from error


_TOO_LONG = (
    f"A direction has at most {MOST_LETTERS:,} letters.",
    "Draw with fewer points: an outline needs no more than some 60.",
)


def _read(text: str) -> Any:
    if len(text) > MOST_LETTERS:
        raise RequestError(*_TOO_LONG)
    try:
        return json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        raise RequestError("This direction is no JSON.", 'Give it like {"loop": true}.') from error


def _short(value: Any) -> Any:
    """Whole numbers as such, others to a thousandth."""
    if isinstance(value, dict):
        return {name: _short(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_short(each) for each in value]
    if isinstance(value, float):
        return int(value) if value.is_integer() else round(value, 3)
    return value


NAMES = {"regions": "Region", "arrows": "Arrow", "anchors": "Anchor", "keys": "Camera key", "stills": "Still"}
"""What an entry of a list is called."""


def _in_words(problem: Any) -> tuple[str, str]:
    *place, last = problem["loc"] or ("direction",)
    where = _where((*place, last))
    if problem["type"] == "value_error":
        sentence, _, cure = str(problem["ctx"]["error"]).partition(". ")
        return f"{where}{sentence}.", cure
    if problem["type"] == "extra_forbidden":
        return f"{where}there is nothing called {str(last)[:40]}.", "See the documentation for what a direction has."
    if problem["type"] in ("missing", "too_short", "too_long"):
        return f"{where}{problem['msg'][0].lower()}{problem['msg'][1:]}.", "See the documentation for what it has."
    return f"{where}{str(problem['input'])[:40]} cannot be.", f"{problem['msg']}."


def _where(place: tuple[Any, ...]) -> str:
    """ "Region 2, strength: " for ("regions", 1, "strength")."""
    words = []
    for name, number in zip(place, (*place[1:], None), strict=True):
        if isinstance(name, str):
            words.append(f"{NAMES[name]} {number + 1}" if name in NAMES and isinstance(number, int) else name)
    return f"{', '.join(words)}: " if words else ""
