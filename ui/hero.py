"""What somebody sees who has chosen nothing yet: a photo that moves, and one line that says what this is."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from ui.scripts import script

SCRIPT = Path(__file__).parent / "hero.js"

CONTENT = """
<div class="hero">
<video src="hero.mp4" poster="hero.jpg" muted loop playsinline aria-hidden="true" tabindex="-1"></video>
<p>Turn a photo into a moving clip.</p></div>
"""


def hero() -> gr.HTML:
    """The clip and the line."""
    return gr.HTML(CONTENT, js_on_load=script(SCRIPT), elem_id="hero")
