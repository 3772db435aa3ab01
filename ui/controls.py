"""Controls made from `MotionRequest`: their names, ranges, steps, labels and help stand there alone."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any

import gradio as gr
from gradio.components import Component

from jobs.checkpoints import AFTER_SAMPLING
from pipelines.models.spec import ModelSpec
from pipelines.request import OWN_CONTROLS, MotionRequest, control_schemas
from ui.open_slider import OpenSlider


@dataclass(frozen=True)
class Preset:
    """Where a preset puts how much and how freely things move."""

    motion_bucket_id: int
    noise_aug_strength: float


PRESETS = {
    "Barely there": Preset(50, 0.0),
    "Natural": Preset(127, 0.02),
    "Lively": Preset(200, 0.08),
}

MOTION_CONTROLS = ("motion_bucket_id", "fps", "noise_aug_strength")
"""In front; the rest is folded away."""


PRESET_CONTROLS = tuple(field.name for field in fields(Preset))

USUAL_S, LONGEST_S = 15.0, 60.0
"""Seconds up to which the slider of the length goes: so that a usual length is easily met, and for a long clip."""

DEFAULTED = ("fps", "num_frames", "num_inference_steps", "min_guidance_scale", "max_guidance_scale")
"""Controls whose defaults differ between models."""


FACTORS = {1: "As it is", 2: "x2", 4: "x4"}
"""What a person reads where a control multiplies."""


def slider(name: str, **changes: Any) -> gr.Slider:
    """The slider of a numeric control."""
    schema = control_schemas()[name]
    bounds = {"minimum": schema["minimum"], "maximum": schema["maximum"], "step": schema["step"], "buttons": []}
    return OpenSlider(**_described(name) | bounds | changes)


def number(name: str) -> gr.Number:
    """The number box of a control whose range is too wide for a slider."""
    return gr.Number(**_described(name), precision=0)


def choice(name: str) -> gr.Radio:
    """The radio of a control with named values."""
    values = control_schemas()[name]["enum"]
    return gr.Radio(**_described(name), choices=[(FACTORS.get(value, value), value) for value in values])


def menu(name: str) -> gr.Dropdown:
    """The menu of a control whose named values have words of their own."""
    schema = control_schemas()[name]
    # the menu says it all
    return gr.Dropdown(
        **_described(name) | {"info": None}, choices=[(schema["words"][value], value) for value in schema["enum"]]
    )


def component(name: str) -> Component:
    """The component of a control that a family has added, as its schema has it."""
    schema = control_schemas()[name]
    if "enum" in schema:
        return menu(name) if "words" in schema else choice(name)
    if schema["type"] == "boolean":
        return gr.Checkbox(**_described(name))
    return slider(name) if "minimum" in schema else gr.Textbox(**_described(name), lines=schema.get("lines", 1))


def own_controls(is_in_front: bool) -> list[str]:
    """The controls that families have added: those in front, or those among the details."""
    return [name for name in OWN_CONTROLS if control_schemas()[name].get("in_front", False) == is_in_front]


def bringing() -> dict[str, list[str]]:
    """The controls that bring other defaults of other controls, and which."""
    return {name: told["brings"] for name, told in control_schemas().items() if "brings" in told}


def _described(name: str) -> dict[str, Any]:
    schema = control_schemas()[name]
    # the field's own term beside a person's words: what papers, programs and other studios call it
    words = {"label": schema["label"], "info": f"{schema['description']} · {name}"}
    return words | {"value": schema["default"], "elem_id": f"control-{name}"}


def collect(names: list[str], values: tuple[Any, ...]) -> dict[str, Any]:
    """The values of components as fields of a request; empty boxes and untouched defaults are left out."""
    return {name: value for name, value in zip(names, values, strict=True) if value not in (None, "")}


def decode_controls(request: MotionRequest) -> dict[str, Any]:
    """The controls that matter when only the frames are made anew."""
    return request.model_dump(include=set(AFTER_SAMPLING))


def model_updates(names: list[str], spec: ModelSpec, values: dict[str, Any]) -> list[Any]:
    """An update for each control: the values given, and only the controls that the model obeys are shown."""
    updates = []
    for name in names:
        changes: dict[str, Any] = {"value": on_page(values[name])} if name in values else {}
        if name in (*MOTION_CONTROLS, *DEFAULTED, *OWN_CONTROLS, "decode_chunk_size"):
            changes["visible"] = name not in spec.ignores
        if name == "num_frames":
            changes["maximum"] = spec.max_frames
        updates.append(gr.update(**changes) if changes else gr.skip())
    return updates


def on_page(value: Any) -> Any:
    """A control's value as its component has it: what has parts is JSON there, and nothing an empty text."""
    return value if not isinstance(value, dict) else json.dumps(value) if value else ""


Controls = dict[str, Component]
"""The component of each control by its field's name."""
