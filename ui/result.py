"""Below the stage: what one does first with a finished clip."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from ui.scripts import script

SCRIPT = Path(__file__).parent / "result.js"


def new_result() -> gr.HTML:
    """Send and Download, of whatever the stage shows, and the facts of the clip."""
    return gr.HTML("", js_on_load=script(SCRIPT), elem_id="result")
