"""The upload of the still.

In a file of its own: Gradio writes a type stub beside every file that subclasses one of its components.
"""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.data_classes import ImageData
from pydantic import model_validator

BARE_PATH = "This is a path, and the studio takes files. Wrap it: handle_file('photo.jpg'), from gradio_client."


class HandedOver(ImageData):
    """An uploaded file. A bare path, which Gradio's client sends as it is, is refused in words."""

    @model_validator(mode="before")
    @classmethod
    def _is_no_bare_path(cls, value: Any) -> Any:
        if isinstance(value, str):
            raise gr.Error(BARE_PATH, print_exception=False)
        return value


class StillUpload(gr.Image):
    """An image upload that hands the file over unopened: only `media` may parse what a stranger sends."""

    is_template = True
    data_model = HandedOver

    def preprocess(self, payload: HandedOver | None) -> str | None:
        """Where Gradio has put the uploaded file; pictures inside JSON are not taken."""
        return None if payload is None or payload.path is None else str(payload.path)
