"""The panel in which a person says what moves: tools, switches, and the list of what was said."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from pipelines.request import control_schemas
from ui.scripts import script

HERE = Path(__file__).parent

SCRIPTS = ("said", "overlay", "tools", "variations", "further", "camera", "panel")


def direct_panel() -> gr.HTML:
    """Its value is the direction as JSON, empty where nothing was said.

    Its events: `said` after each change; `sketch` after it and when a picture has come on the stage; `show` where the
    still has to come there; `aim` where a tap may follow; `tap` with `taps`, places in thousandths of the still that
    all mean one thing; `further` where another still was chosen, with its `path`, or has to be shown, with its `of`;
    `like` where the camera of a clip at a `path` is to be followed;
    `vary` for a take of the sheet, and `pick` where one was chosen, with its `seed` and `amount`.
    """
    return gr.HTML(
        "",
        html_template='<div class="direct"></div>',
        js_on_load=script(*(HERE / f"{name}.js" for name in SCRIPTS)),
        elem_id="direct",
        label=control_schemas()["direction"]["label"],
        visible=True,
    )
