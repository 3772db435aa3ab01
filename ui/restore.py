"""The settings of a clip, or of a ComfyUI picture, come back to the controls when the file is given to the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from jobs.recipe import request_of_recipe
from media.recipe import read_recipe
from pipelines.catalogue import known
from pipelines.errors import ClipError, StillmotionError
from ui import cards
from ui.controls import model_updates
from ui.quiet import QUIET
from ui.studio import SIZE_CHOICES, Studio

RESTORED = "The settings of this clip are back. Give the same picture, and the same clip is made again."


class Restore:
    """Joins the button, and pictures that carry settings, to the controls of a `Studio`."""

    def __init__(self, studio: Studio) -> None:
        self.studio, self.names = studio, list(studio.controls)

    def connect(self) -> None:
        """Attach the events; call inside the Blocks context."""
        s = self.studio
        told = [s.progress, s.size, s.custom_size, s.linked, *s.controls.values()]
        s.settings_of.upload(self.from_clip, s.settings_of, told, **QUIET)
        s.upload.upload(self.from_still, s.upload, told, **QUIET)

    def from_clip(self, path: str | None) -> list[Any]:
        """A clip was chosen for its settings."""
        try:
            return self._restored(Path(path or ""))
        except StillmotionError as error:
            return [cards.problem(str(error)), *[gr.skip()] * (3 + len(self.names))]

    def from_still(self, path: str | None) -> list[Any]:
        """A picture was given as the still: one of ours carries settings as well, most carry none."""
        try:
            return self._restored(Path(path or ""))
        except ClipError:
            return [gr.skip()] * (4 + len(self.names))
        except StillmotionError as error:
            return [cards.problem(str(error)), *[gr.skip()] * (3 + len(self.names))]

    def _restored(self, path: Path) -> list[Any]:
        request = request_of_recipe(read_recipe(path))
        named = {size: name for name, size in SIZE_CHOICES.items()}
        size = named.get((request.width, request.height))
        controls = model_updates(self.names, known(request.model), request.model_dump())
        is_linked = request.playback_fps == 0
        custom = gr.update(visible=size is None)
        return [cards.note(RESTORED), size or gr.skip(), custom, is_linked, *controls]
