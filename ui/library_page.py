"""The Library tab: finished clips with how they were made, to find, keep, use again or delete."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from jobs.wishes import made_of
from pipelines.errors import StillmotionError
from ui import acts, cards
from ui.backstage import Backstage
from ui.events import StudioEvents
from ui.key_panel import KeyPanel
from ui.library_cards import EMPTY, NOTHING_FOUND, Entry, library_cards
from ui.quiet import QUIET, visitor_of
from ui.scripts import PLAYING, script
from ui.toast import deleted_toast, new_toast

SCRIPT = Path(__file__).parent / "library.js"


class LibraryPage:
    """The components of the Library tab."""

    def __init__(self, backstage: Backstage, studio: StudioEvents) -> None:
        self.queue, self.files = backstage.queue, backstage.exports.folder
        self._studio = studio
        self.key = KeyPanel(backstage.library_keys)

    def build(self) -> None:
        """Lay the components out; call inside a Blocks context."""
        with gr.Row(elem_id="library-head"):
            self.search = gr.Textbox(
                "", show_label=False, label="Search", placeholder="Search: name, title, date, seed", elem_id="search"
            )
            self.favourites = gr.Checkbox(False, label="Favourites only", elem_id="favourites")
        self.problem = gr.HTML("", elem_id="library-problem")
        self.clips = gr.HTML("", js_on_load=script(acts.SCRIPT, PLAYING, SCRIPT), elem_id="clips")
        self.toast = new_toast()
        self.deleted, self.opened = gr.Textbox("", visible=False), gr.Textbox("", visible=False)
        self.used = gr.Textbox("", visible=False)
        self.key.build()

    def connect(self, tabs: gr.Tabs, tab: gr.Tab) -> None:
        """Join the components; call inside the Blocks context."""
        studio = self._studio.studio
        wanted, shown = [self.search, self.favourites], [self.clips]
        tab.select(self.show, wanted, shown, **QUIET)
        # a clip that is done meanwhile appears as well
        news = [self.search.change, self.favourites.change, studio.result.change]
        gr.on(news, self.show, wanted, shown, trigger_mode="always_last", **QUIET)
        told = [self.clips, self.problem, self.toast, self.deleted]
        done = self.clips.act(self.act, [self.deleted, *wanted], [*told, self.opened], **QUIET)
        used = [self.used, tabs, self.problem, *self._studio.settings.components]
        self.clips.act(self.use, studio.picture, used, **QUIET)
        self.used.change(**self._studio.frame_again)
        done.then(None, self.opened, None, js=acts.OPEN_JS, **QUIET)
        self.toast.undo(self.restore, [self.deleted, *wanted], told, **QUIET)
        self.toast.dismiss(lambda: ["", ""], None, [self.toast, self.deleted], **QUIET)
        self.key.connect()

    def show(self, search: str, favourites: bool, request: gr.Request) -> str:
        """The clips of whoever asks."""
        try:
            found = self.queue.list(visitor_of(request), search or "", favourites)
        except StillmotionError as error:
            return cards.problem(str(error))
        entries = [Entry(job, made_of(self.files / job.id)) for job in found]
        return library_cards(entries) if entries else NOTHING_FOUND if search or favourites else EMPTY

    def act(self, event: gr.EventData, deleted: str, search: str, favourites: bool, request: gr.Request) -> list[Any]:
        """A button of a card was pressed. `deleted` are the clips that can be brought back, the last one first."""
        job, act, visitor, opened = str(event.job), str(event.act), visitor_of(request), ""
        try:
            if act in {"favour", "unfavour"}:
                self.queue.favour(job, visitor, act == "favour")
            elif act == "delete":
                self.queue.delete(job, visitor)
                deleted = f"{deleted} {job}".strip()
            elif act == "open":
                opened = self.queue.get(job).id
        except StillmotionError as error:
            return [gr.skip(), cards.problem(str(error)), gr.skip(), gr.skip(), ""]
        return [self.show(search, favourites, request), "", self._toast(deleted), deleted, opened]

    def use(self, event: gr.EventData, picture: str, request: gr.Request) -> list[Any]:
        """Use settings was pressed, or any other button, which is no matter of this."""
        settings = self._studio.settings
        if str(event.act) != "settings":
            return [*[gr.skip()] * 3, *settings.untouched()]
        try:
            shape = self._studio.shape_of(picture, visitor_of(request))
            shown = settings.shown(self.queue.get(str(event.job)).request, shape)
        except StillmotionError as error:
            return [gr.skip(), gr.skip(), cards.problem(str(error)), *settings.untouched()]
        return [str(event.job), gr.Tabs(selected="studio"), gr.skip(), *shown]

    def restore(self, deleted: str, search: str, favourites: bool, request: gr.Request) -> list[Any]:
        """The last deletion is undone; the one before it can be undone next."""
        rest, _, job = deleted.rpartition(" ")
        problem = ""
        try:
            self.queue.restore(job, visitor_of(request))
        except StillmotionError as error:
            problem = cards.problem(str(error))
        return [self.show(search, favourites, request), problem, self._toast(rest), rest]

    def _toast(self, deleted: str) -> str:
        last = deleted.rpartition(" ")[2]
        return deleted_toast(self.queue.get(last)) if last else ""
