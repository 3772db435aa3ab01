"""The Models tab: what each model is, whether it is here, whether it fits, and a button that fetches it."""

from __future__ import annotations

from typing import Any

import gradio as gr

from jobs.downloads import Downloads
from pipelines.catalogue import find, location, models, request_for
from pipelines.enhance.helpers import HELPERS
from pipelines.machine import fits
from pipelines.model_spec import ModelSpec
from ui import cards
from ui.quiet import QUIET

LOOK_EVERY_S = 0.7
"""Seconds between looks at running downloads."""


class ModelsPage:
    """The components of the Models tab."""

    def __init__(self, downloads: Downloads) -> None:
        self.downloads = downloads

    def build(self) -> None:
        """Lay the components out and join them; call inside a Blocks context."""
        self.clock = gr.Timer(LOOK_EVERY_S, active=False)
        for spec in models():
            with gr.Group(elem_classes="model"):
                card = gr.HTML(self._card(spec.id))
                line = gr.HTML("")
                can_fetch = location(spec) is None and spec.repo is not None
                button = gr.Button(_fetch_label(spec), size="sm", visible=can_fetch, elem_id=f"fetch-{spec.id}")
            self._join(spec.id, (card, line, button))
        for helper in HELPERS:
            with gr.Group(elem_classes="model"):
                gr.HTML(cards.helper_card(helper))

    def _join(self, model: str, parts: tuple[gr.HTML, gr.HTML, gr.Button]) -> None:
        card, line, button = parts

        def begin() -> list[Any]:
            self.downloads.start(model)
            return [gr.Timer(active=True), gr.update(interactive=False)]

        def look() -> list[Any]:
            state = self.downloads.state(model)
            words = cards.download_line(state.done, state.total, state.sentence)
            can_fetch = location(find(model)) is None
            shown = gr.update(interactive=not state.is_running, visible=can_fetch)
            return [self._card(model), words, shown]

        button.click(begin, None, [self.clock, button], **QUIET)
        if find(model).repo is not None:
            self.clock.tick(look, None, [card, line, button], **QUIET)

    def _card(self, model: str) -> str:
        spec = find(model)
        return cards.model_card(spec, fits(spec, request_for({"model": model})))


def _fetch_label(spec: ModelSpec) -> str:
    return f"Download {spec.size_bytes / cards.GB:.1f} GB"
