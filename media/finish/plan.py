"""What is wanted of a finished clip, and which moments of it become the frames of the new one."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.errors import RequestError

Loop = Literal["once", "ping-pong", "cross-fade"]

Place = Literal["bottom", "middle", "top"]

Size = Literal["small", "medium", "large"]

LONGEST_TITLE = 120
"""Letters: two lines at a readable size."""

MOST_PIXELS_A_SIDE = 8192
"""Of a file, which is opened by a person who knows with what; a clip in the page is held to half of it."""

FADE_SHARE = 4
"""A cross-fade takes at most one frame in so many of the clip: more would be all fade."""


class Finish(BaseModel):
    """What is done to a clip, in this order: trim, reverse, smoother, loop, speed, larger, title. The clip is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: int = Field(0, ge=0, description="First frame that is kept, counted from 0.")
    last: int = Field(-1, ge=-1, description="Last frame that is kept; -1 is the last there is.")
    reverse: bool = Field(False, description="Play backwards.")
    smoother: Literal[1, 2, 4] = Field(1, description="Frames between two frames, drawn from their optical flow.")
    loop: Loop = Field("once", description="Whether the end leads back to the start: there and back, or blended.")
    speed: float = Field(1.0, ge=0.1, le=10, description="How many times as fast it plays. No frame is lost.")
    larger: Literal[1, 2, 4] = Field(1, description="How many times as wide and as high, by Lanczos resampling.")
    title: str = Field("", max_length=LONGEST_TITLE, description="Text on the picture, in one line or two.")
    title_place: Place = Field("bottom", description="Where the title stands.")
    title_size: Size = Field("medium", description="How large the title is, at most: a long one is made smaller.")

    def changes_nothing(self) -> bool:
        """Whether the finished clip is the clip."""
        return self.model_copy(update={"title_place": "bottom", "title_size": "medium"}) == Finish()


def parse_finish(values: dict[str, Any]) -> Finish:
    """A `Finish` of values from outside; raises `RequestError` naming the first that cannot be used."""
    try:
        return Finish.model_validate(values)
    except ValidationError as error:
        raise _in_plain_words(error) from error


def _in_plain_words(error: ValidationError) -> RequestError:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "string_too_long":
        length = len(str(first["input"]))
        return RequestError(f"The {name} has {length} letters, and {LONGEST_TITLE} are the most.", "Make it shorter.")
    return RequestError(f"“{name}” cannot be {first['input']!r}: {first['msg']}.", "Change it.")


@dataclass(frozen=True)
class Moment:
    """A frame of the finished clip: the clip at frame `at`, which may lie between two frames, blended with its frame
    `other` by `share` in [0, 1]."""

    at: Fraction
    other: Fraction | None = None
    share: float = 0.0


def moments(finish: Finish, count: int) -> list[Moment]:
    """The moments of a clip of `count` frames that make the finished one, in order.

    n frames are kept by the trim; smoother by k makes (n - 1) k + 1 of them; ping-pong makes 2 n - 2 of n; a cross-fade
    of c frames makes n - c. Raises `RequestError` for a trim that leaves nothing.
    """
    last = count - 1 if finish.last < 0 else finish.last
    if not finish.first <= last < count:
        raise RequestError(
            f"A clip of {count} frames has no frames {finish.first} to {last}.",
            f"Trim within 0 and {count - 1}.",
        )
    steps = (last - finish.first) * finish.smoother
    places = [finish.first + Fraction(step, finish.smoother) for step in range(steps + 1)]
    if finish.reverse:
        places.reverse()
    return _looped(places, finish.loop)


def finished_rate(finish: Finish, fps: Fraction) -> Fraction:
    """Frames per second of the finished clip of one at `fps`."""
    return fps * finish.smoother * Fraction(finish.speed).limit_denominator(100)


def finished_size(finish: Finish, width: int, height: int) -> tuple[int, int]:
    """Width and height of the finished clip in pixels; raises `RequestError` where no player would show it."""
    larger = width * finish.larger, height * finish.larger
    if finish.larger > 1 and max(larger) > MOST_PIXELS_A_SIDE:
        raise RequestError(
            f"A file of {larger[0]} x {larger[1]} pixels is more than any player shows.",
            f"Choose less under Larger: {MOST_PIXELS_A_SIDE} on a side at most.",
        )
    return larger


def _looped(places: list[Fraction], loop: Loop) -> list[Moment]:
    if loop == "ping-pong":
        places = places + places[-2:0:-1]
    fade = len(places) // FADE_SHARE if loop == "cross-fade" else 0
    kept = len(places) - fade
    blended = [Moment(places[i], places[kept + i], 1 - (i + 1) / (fade + 1)) for i in range(fade)]
    return blended + [Moment(place) for place in places[fade:kept]]
