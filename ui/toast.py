"""What was deleted a moment ago, and the way to bring it back."""

from __future__ import annotations

from html import escape
from pathlib import Path

import gradio as gr

from jobs.caretaker import UNDO_S
from jobs.job import Job
from ui.scripts import script

SCRIPT = Path(__file__).parent / "toast.js"

MINUTE_S = 60


def new_toast() -> gr.HTML:
    """The place of a toast. Its events are `undo` and `dismiss`."""
    return gr.HTML("", js_on_load=script(SCRIPT), elem_id="toast")


def deleted_toast(job: Job) -> str:
    """Said for as long as a deletion can be undone. Of two clips of one name, it is another toast."""
    minutes = f"{UNDO_S / MINUTE_S:g} minutes"
    return (
        f'<div class="toast" data-job="{job.id}" data-seconds="{UNDO_S:g}">'
        f"<p>Deleted “{escape(job.name)}”. It can be brought back for {minutes}.</p>"
        '<button type="button" data-does="undo">Undo</button>'
        '<button type="button" data-does="dismiss" aria-label="Close" title="Close">✕</button></div>'
    )
