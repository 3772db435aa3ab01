"""What a person can wish of a file: the inputs of the Save panel, in plain words."""

from __future__ import annotations

from typing import Any, get_args

import gradio as gr

from media.export.formats import FORMATS
from media.finish.plan import Loop, Place, Size
from ui.controls import FACTORS
from ui.quiet import QUIET

LOOPS = {"once": "Starts over", "ping-pong": "There and back", "cross-fade": "Fades into its start"}

PLACES = {"bottom": "Below", "middle": "In the middle", "top": "Above"}

TYPE_SIZES = {"small": "Small", "medium": "Medium", "large": "Large"}

SMOOTHER = {1: "As it is", 2: "Twice the frames", 4: "Four times the frames"}

SOUND_TYPES = [".mp3", ".wav", ".ogg", ".flac", ".m4a"]

QUICK_SIZES = (2, 8, 25)
"""Megabytes that are one press away: what small chats, large ones and mail take."""


def format_inputs() -> dict[str, Any]:
    """The format and the largest size, with a few sizes to press."""
    kinds = [(f"{kind.label} · {kind.purpose}", name) for name, kind in FORMATS.items()]
    inputs: dict[str, Any] = {}
    with gr.Row(elem_id="save-kind"):
        inputs["kind"] = gr.Dropdown(kinds, value="mp4", label="Format", elem_id="save-format", min_width=240)
        with gr.Column(min_width=240, elem_id="save-size") as sizes:
            inputs["limit"] = gr.Textbox(
                "", label="No larger than (MB)", placeholder="any size", max_lines=1, elem_id="save-limit"
            )
            with gr.Row(elem_id="quick-sizes"):
                for size in (None, *QUICK_SIZES):
                    button = gr.Button(f"{size} MB" if size else "Any size", size="sm", min_width=0)
                    button.click(None, None, inputs["limit"], js=f"() => '{size or ''}'", **QUIET)
    # a format that cannot be made to a size offers none
    inputs["kind"].change(_sizes_shown, inputs["kind"], sizes, **QUIET)
    return inputs


def title_inputs() -> dict[str, Any]:
    """The title, where it stands and how large it is; and what follows the end."""
    inputs: dict[str, Any] = {}
    with gr.Row():
        inputs["title"] = gr.Textbox(
            "", label="Title on the picture", placeholder="In any script", max_lines=1, scale=2, min_width=240
        )
        inputs["loop"] = _menu("Loop", LOOPS, Loop, "once")
    with gr.Row(visible=False) as look:
        inputs["title_place"] = _menu("Where", PLACES, Place, "bottom")
        inputs["title_size"] = _menu("How large", TYPE_SIZES, Size, "medium")
    inputs["title"].change(_shown, inputs["title"], look, **QUIET)
    return inputs


def motion_inputs() -> dict[str, Any]:
    """How fast it plays, how smooth and how large it is."""
    inputs: dict[str, Any] = {}
    with gr.Row():
        inputs["speed"] = gr.Slider(0.25, 4, 1, step=0.05, label="Speed (1: as it is)", buttons=[])
        inputs["reverse"] = gr.Checkbox(False, label="Backwards")
    with gr.Row():
        smoother = [(words, factor) for factor, words in SMOOTHER.items()]
        inputs["smoother"] = gr.Dropdown(smoother, value=1, label="Smoother")
        factors = [(words, factor) for factor, words in FACTORS.items()]
        inputs["larger"] = gr.Dropdown(factors, value=1, label="Larger")
    return inputs


def cut_inputs() -> dict[str, Any]:
    """How many frames are left out at both ends."""
    inputs: dict[str, Any] = {}
    with gr.Row():
        inputs["first"] = gr.Number(0, label="Frames cut from the start", precision=0, minimum=0)
        inputs["last"] = gr.Number(0, label="Frames cut from the end", precision=0, minimum=0)
    return inputs


def _menu(label: str, words: dict[str, str], kind: Any, value: str) -> gr.Dropdown:
    return gr.Dropdown([(words[each], each) for each in get_args(kind)], value=value, label=label, min_width=190)


def _shown(title: str) -> Any:
    return gr.update(visible=bool(title.strip()))


def _sizes_shown(kind: str) -> Any:
    return gr.update(visible=FORMATS[kind].has_sizes)
