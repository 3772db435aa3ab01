"""The Models tab: what each model is, whether it is here, whether it fits, a button that fetches it, and at the end a
box for models that a person has already."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from html import escape
from typing import Any

import gradio as gr

from jobs.add_model import add_model
from jobs.downloads import Downloads
from pipelines.enhance.helpers import HELPERS
from pipelines.errors import StillmotionError
from pipelines.models.asking import usual_fit
from pipelines.models.catalogue import location, models, named_models
from pipelines.models.spec import ModelSpec
from ui import cards
from ui.quiet import QUIET, is_owner
from ui.studio import model_choices

LOOK_EVERY_S = 0.7
"""Seconds between looks at running downloads."""

ADD_WORDS = (
    '<div class="model-card"><h2>Add your own</h2><p>A model that you already have as a folder or a single file, or'
    " what belongs to one, such as a LoRA. The files stay where they are.</p></div>"
)

ELSEWHERE = (
    "Models are fetched and added by whoever runs the studio: open the owner's address, which its terminal shows, or"
    " use python app.py models add PATH."
)

LOOKING_JS = f"() => `{cards.note('Looking at the files …')}`"

Group = tuple[gr.HTML, gr.HTML, gr.Button]
"""What is known of a model, how far its download is, and what begins it."""


class ModelsPage:
    """The components of the Models tab."""

    def __init__(self, downloads: Downloads) -> None:
        self.downloads = downloads

    def build(self) -> None:
        """Lay the components out; call inside a Blocks context."""
        self.clock = gr.Timer(LOOK_EVERY_S, active=False)
        self.problem = gr.HTML("", visible=False, elem_id="models-problem")
        self.hint = gr.HTML(f'<p class="quiet">{escape(ELSEWHERE)}</p>', visible=False, elem_id="models-hint")
        self.groups = {spec.id: self._build_group(spec) for spec in models() if spec.id in _of_the_house()}
        self.own = gr.HTML("", visible=False, elem_id="own-models")
        for helper in HELPERS:
            with gr.Group(elem_classes="model"):
                gr.HTML(cards.helper_card(helper))
        self._build_box()

    def _build_group(self, spec: ModelSpec) -> Group:
        with gr.Group(elem_classes="model"):
            card, line = gr.HTML(_card(spec)), gr.HTML("")
            label = f"Download {spec.size_bytes / cards.GB:.1f} GB"
            return card, line, gr.Button(label, size="sm", visible=False, elem_id=f"fetch-{spec.id}")

    def _build_box(self) -> None:
        """Hidden until it is known who looks."""
        with gr.Group(visible=False, elem_classes="model") as self.box:
            gr.HTML(ADD_WORDS)
            self.path = gr.Textbox(
                "", label="Folder or .safetensors file on this machine", max_lines=1, elem_id="add-path"
            )
            self.add_button = gr.Button("Add", size="sm", elem_id="add-button")
            self.said = gr.HTML("", elem_id="add-said")

    def connect(self, page: gr.Blocks, menu: gr.Dropdown) -> None:
        """Join the components, and the menu of models to them; call inside the Blocks context."""
        self.menu = menu
        shown = [self.problem, self.own, self.clock, *(part for group in self.groups.values() for part in group)]
        renewed = [self.box, self.hint, menu, *shown]
        page.load(self.renew, None, renewed, **QUIET)
        self.clock.tick(self.look, None, shown, **QUIET)
        for model, (_, _, fetch) in self.groups.items():
            fetch.click(self._fetching(model), None, [self.clock, fetch], **QUIET)
        asked = [self.add_button.click, self.path.submit]
        gr.on(asked, None, None, self.said, js=LOOKING_JS, **QUIET)
        added = gr.on(asked, self.add, self.path, self.said, **QUIET)
        added.then(self.renew, None, renewed, **QUIET)

    def renew(self, request: gr.Request) -> list[Any]:
        """The menu and the page as they are now; the box is for whoever sits at the machine."""
        mine = is_owner(request)
        return [gr.update(visible=mine), gr.update(visible=not mine), self._renewed_menu(), *self.look(request)]

    def _renewed_menu(self) -> Any:
        """What is chosen stays, and all of the menu where the list of models cannot be read: the page says so."""
        with suppress(StillmotionError):
            choices = model_choices()
            if self.menu.value not in {model for _, model in choices}:
                choices.append((self.menu.value, self.menu.value))
            # also for pages whose session Gradio has forgotten: it refuses what is not in the menu, without a word
            self.menu.choices = choices
        return gr.update(choices=self.menu.choices)

    def look(self, request: gr.Request) -> list[Any]:
        """The page as it is now. The clock runs while something is fetched."""
        try:
            specs, ids = models(), _of_the_house()
            may_fetch, house = is_owner(request), [spec for spec in specs if spec.id in ids]
            groups = [part for spec in house for part in self._group(spec, may_fetch)]
            own = "".join(f'<div class="model">{_card(spec)}</div>' for spec in specs if spec.id not in ids)
        except StillmotionError as error:
            told = gr.update(value=cards.problem(str(error)), visible=True)
            return [told, gr.skip(), gr.Timer(active=False), *[gr.skip()] * (3 * len(self.groups))]
        is_fetching = any(self.downloads.state(model).is_running for model in self.groups)
        fine = gr.update(value="", visible=False)
        return [fine, gr.update(value=own, visible=bool(own)), gr.Timer(active=is_fetching), *groups]

    def _group(self, spec: ModelSpec, may_fetch: bool) -> list[Any]:
        state = self.downloads.state(spec.id)
        button = gr.update(interactive=not state.is_running, visible=may_fetch and _can_fetch(spec))
        return [_card(spec), cards.download_line(state.done, state.total, state.sentence), button]

    def _fetching(self, model: str) -> Callable[[gr.Request], list[Any]]:
        # no partial: Gradio looks for the annotation of its request in a plain function alone
        def fetch(request: gr.Request) -> list[Any]:
            return self.fetch(model, request)

        return fetch

    def fetch(self, model: str, request: gr.Request) -> list[Any]:
        """A download was asked for."""
        if not is_owner(request):
            return [gr.skip(), gr.skip()]
        self.downloads.start(model)
        return [gr.Timer(active=True), gr.update(interactive=False)]

    def add(self, path: str, request: gr.Request) -> str:
        """A path was given: what became of it, in a sentence."""
        if not is_owner(request):
            return cards.problem(ELSEWHERE)
        try:
            return cards.note(add_model(path or ""))
        except StillmotionError as error:
            return cards.problem(str(error))


def _of_the_house() -> set[str]:
    """Models that are always listed, and first; after them come those that a person has added."""
    return {spec.id for spec in named_models()}


def _card(spec: ModelSpec) -> str:
    return cards.model_card(spec, usual_fit(spec))


def _can_fetch(spec: ModelSpec) -> bool:
    return spec.repo is not None and location(spec) is None
