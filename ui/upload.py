"""The upload of the still.

In a file of its own: Gradio writes a type stub beside every file that subclasses one of its components.
"""

from __future__ import annotations

import gradio as gr
from gradio.data_classes import ImageData


class StillUpload(gr.Image):
    """An image upload that hands the file over unopened: only `media` may parse what a stranger sends."""

    is_template = True

    def preprocess(self, payload: ImageData | None) -> str | None:
        """Where Gradio has put the uploaded file; pictures inside JSON are not taken."""
        return None if payload is None or payload.path is None else str(payload.path)
