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
    """An uploaded file; or only that a bare path was sent, as Gradio's client does with any text."""

    is_bare_path: bool = False

    @model_validator(mode="before")
    @classmethod
    def _note_bare_path(cls, value: Any) -> Any:
        # raised here, pydantic would take the words for its own and Gradio hide them
        return {"is_bare_path": True} if isinstance(value, str) else value


class StillUpload(gr.Image):
    """An image upload that hands the file over unopened: only `media` may parse what a stranger sends."""

    is_template = True
    data_model = HandedOver

    def preprocess(self, payload: HandedOver | None) -> str | None:
        """Where Gradio has put the uploaded file; pictures inside JSON are not taken."""
        if payload is not None and payload.is_bare_path:
            raise gr.Error(BARE_PATH, print_exception=False)
        return None if payload is None or payload.path is None else str(payload.path)
