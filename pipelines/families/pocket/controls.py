"""The control that Pocket has and no other family: how the camera moves. Knows no torch."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from pipelines.control import control

Camera = Literal[
    "auto",
    "hold",
    "in",
    "out",
    "left",
    "right",
    "up",
    "down",
    "orbit-left",
    "orbit-right",
    "pan-left",
    "pan-right",
    "tilt-up",
    "tilt-down",
]
"""Moves of the camera: pan and tilt turn it, all others make it travel."""

WORDS = {
    **{"auto": "As suits the picture", "hold": "Held: only what moves by itself"},
    **{"in": "Moves in", "out": "Moves out", "left": "Travels left", "right": "Travels right"},
    **{"up": "Rises", "down": "Sinks", "orbit-left": "Orbits to the left", "orbit-right": "Orbits to the right"},
    **{"pan-left": "Turns left (pan)", "pan-right": "Turns right (pan)"},
    **{"tilt-up": "Looks up (tilt)", "tilt-down": "Looks down (tilt)"},
}
"""What a person reads for each move."""


class Controls(BaseModel):
    """What a `MotionRequest` asks of Pocket alone."""

    camera: Camera = control(
        "auto",
        "Camera",
        "auto: a move that the seed draws. hold: only what moves by itself. Travel: in, out, left, right, up, down, and"
        " orbits. pan and tilt turn it.",
        told={"words": WORDS, "in_front": True},
    )
