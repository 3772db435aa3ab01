"""The Library tab: finished clips with how they were made, to find, keep, use again or delete."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from jobs.queue import JobQueue
from pipelines.catalogue import find
from pipelines.errors import StillmotionError
from ui import acts, cards
from ui.controls import model_updates
from ui.library_cards import EMPTY, NOTHING_FOUND, library_cards
from ui.quiet import QUIET, visitor_of
from ui.studio import Studio

SCRIPT = Path(__file__).parent / "library.js"


class LibraryPage:
    """The components of the Library tab."""

    def __init__(self, queue: JobQueue) -> None:
        self.queue = queue

    def build(self) -> None:
        """Lay the components out; call inside a Blocks context."""
        with gr.Row(elem_id="library-head"):
            self.search = gr.Textbox(
                "", show_label=False, label="Search", placeholder="Search: model, seed, size, date", elem_id="search"
            )
            self.favourites = gr.Checkbox(False, label="Favourites only", elem_id="favourites")
        with gr.Row(visible=False, elem_id="undo-row") as self.undo_row:
            gr.HTML('<p role="status">Deleted.</p>')
            self.undo = gr.Button("Undo", size="sm", elem_id="undo")
        self.problem = gr.HTML("", elem_id="library-problem")
        self.clips = gr.HTML("", js_on_load=acts.script(SCRIPT), elem_id="clips")
        self.deleted, self.opened = gr.Textbox("", visible=False), gr.Textbox("", visible=False)

    def connect(self, tabs: gr.Tabs, tab: gr.Tab, studio: Studio) -> None:
        """Join the components; call inside the Blocks context."""
        wanted, shown = [self.search, self.favourites], [self.clips]
        tab.select(self.show, wanted, shown, **QUIET)
        # a clip that is done meanwhile appears as well
        news = [self.search.change, self.favourites.change, studio.result.change]
        gr.on(news, self.show, wanted, shown, trigger_mode="always_last", **QUIET)
        acted = [self.clips, self.problem, self.undo_row, self.deleted, self.opened, tabs, *studio.controls.values()]
        self._names = list(studio.controls)
        self.clips.act(self.act, wanted, acted, **QUIET).then(None, self.opened, None, js=acts.OPEN_JS, **QUIET)
        self.undo.click(self.restore, [self.deleted, *wanted], [self.clips, self.undo_row, self.problem], **QUIET)

    def show(self, search: str, favourites: bool, request: gr.Request) -> str:
        """The clips of whoever asks."""
        try:
            found = self.queue.list(visitor_of(request), search or "", favourites)
        except StillmotionError as error:
            return cards.problem(str(error))
        return library_cards(found) if found else NOTHING_FOUND if search or favourites else EMPTY

    def act(self, event: gr.EventData, search: str, favourites: bool, request: gr.Request) -> list[Any]:
        """A button of a card was pressed."""
        job, act, visitor = str(event.job), str(event.act), visitor_of(request)
        rest: list[Any] = [gr.update(visible=act == "delete"), job if act == "delete" else "", "", gr.skip()]
        controls: list[Any] = [gr.skip()] * len(self._names)
        try:
            if act in {"favour", "unfavour"}:
                self.queue.favour(job, visitor, act == "favour")
            elif act == "delete":
                self.queue.delete(job, visitor)
            elif act == "open":
                rest[2] = self.queue.get(job).id
            elif act == "settings":
                controls, rest[3] = self._settings_of(job), gr.Tabs(selected="studio")
        except StillmotionError as error:
            return [gr.skip(), cards.problem(str(error)), *[gr.skip()] * 2, "", gr.skip(), *controls]
        return [self.show(search, favourites, request), "", *rest, *controls]

    def restore(self, job: str, search: str, favourites: bool, request: gr.Request) -> list[Any]:
        """A deletion is undone."""
        try:
            self.queue.restore(job, visitor_of(request))
        except StillmotionError as error:
            return [gr.skip(), gr.update(visible=False), cards.problem(str(error))]
        return [self.show(search, favourites, request), gr.update(visible=False), ""]

    def _settings_of(self, job: str) -> list[Any]:
        used = self.queue.get(job).request
        return model_updates(self._names, find(used.model), used.model_dump())
