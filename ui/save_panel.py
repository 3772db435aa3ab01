"""Below a finished clip: save it as something else, perhaps finished further, and see that first on the stage."""

from __future__ import annotations

from typing import Any

import gradio as gr

from jobs.queue import JobQueue
from ui import save_inputs
from ui.quiet import QUIET, TELLING
from ui.save_words import help_words
from ui.saving import Latest, Saving
from ui.waiting import Waiting

OF_ONE_CLIP = frozenset({"sound", "first", "last"})
"""Wishes that are not kept for the next clip."""

NEWS_JS = "(words) => { if (words) stillmotion.announce(words); }"

UNTOLD_JS = "() => '<p class=\"quiet\">…</p>'"

DOWNLOAD_JS = "() => document.querySelector('#download-file a')?.click()"
"""Whoever has a file made wants to have it; its button stays for once more."""

LOOK_AGAIN_JS = "() => document.querySelector('#make-file')?.focus()"


class SavePanel:
    """The components of the panel; what they do is in `Saving`."""

    def __init__(self, queue: JobQueue, waiting: Waiting) -> None:
        self.queue, self.waiting = queue, waiting

    def build(self) -> None:
        """Lay the components out; call inside a Blocks context."""
        with gr.Accordion("Save with a title, a loop, as a GIF …", open=False, elem_id="save-box") as self.box:
            titled = save_inputs.title_inputs()
            self.wish = save_inputs.format_inputs()
            with gr.Accordion("More: speed, cut, sound, size", open=False, elem_id="save-more"):
                self.finish = titled | self._build_more()
            for name, component in self.finish.items():
                component.elem_id = f"finish-{name}"
            with gr.Row(elem_id="save-row"):
                self.save = gr.Button("Make the file", size="sm", variant="primary", elem_id="make-file")
                self.show = gr.Button("Show on the stage", size="sm", elem_id="show-finished")
                self.stop = gr.Button("Stop making it", size="sm", visible=False, elem_id="stop-making")
                self.told = gr.HTML("", elem_id="save-told")
            self.saved = gr.HTML("", elem_id="saved")
            self.file = gr.HTML("", visible=False, elem_id="download-file")
        self.news = gr.Textbox("", visible=False)
        self.is_open = gr.State(False)
        self.kept = gr.Textbox("", visible=False)

    def _build_more(self) -> dict[str, Any]:
        moving = save_inputs.motion_inputs()
        with gr.Row(elem_id="helped-row"):
            self.help = gr.HTML(help_words(), elem_id="helped-words")
            self.helped = gr.Button("Make it with a model", size="sm", elem_id="make-helped")
        cut = save_inputs.cut_inputs()
        self.wish["sound"] = gr.File(
            label="Music or sound (MP4 and WebM)", file_types=save_inputs.SOUND_TYPES, height=140, elem_id="sound"
        )
        self.wish["recipe"] = gr.Checkbox(
            True, label="Put into the file how it was made, with a signed note that a model made it"
        )
        self.wish["recipe"].elem_id = "keep-recipe"
        return moving | cut

    @property
    def factors(self) -> tuple[gr.Dropdown, gr.Dropdown]:
        """How many times as many frames, and how many times as large."""
        return self.finish["smoother"], self.finish["larger"]

    def connect(self, page: gr.Blocks, job_id: gr.Textbox, stage: gr.HTML, result: gr.HTML) -> None:
        """Join the components; call inside the Blocks context. `result` changes when a clip is done."""
        saving = Saving(self.queue, self.waiting, list(self.wish), list(self.finish))
        wishes = [*self.wish.values(), *self.finish.values()]
        told = [self.saved, self.file, self.news, self.stop]
        wished = [gr.State(Latest()), job_id, *wishes]
        made = self.save.click(saving.make_file, wished, told, **TELLING)
        made.then(None, js=DOWNLOAD_JS, **QUIET)
        self.show.click(saving.preview, wished, [stage, *told], **TELLING)
        self.stop.click(saving.stop, wished[0], None, **QUIET).then(None, js=LOOK_AGAIN_JS, **QUIET)
        gr.on([each.change for each in wished[1:]], saving.changed, wished, told, trigger_mode="always_last", **QUIET)
        self.news.change(None, self.news, None, js=NEWS_JS, **QUIET)
        self._connect_estimate(saving, job_id, result)
        self._connect_memory(page, saving)

    def _connect_estimate(self, saving: Saving, job_id: gr.Textbox, result: gr.HTML) -> None:
        """The size is told as long as the panel is open; a title weighs nothing."""
        light = {self.finish[name] for name in ("title", "title_place", "title_size")}
        wishes = [*self.wish.values(), *self.finish.values()]
        heavy = [each.change for each in wishes if each not in light]
        asked = [self.is_open, job_id, *wishes]
        opened = self.box.expand(lambda: True, None, self.is_open, **QUIET)
        opened.then(saving.estimate, asked, self.told, **QUIET)
        self.box.collapse(lambda: False, None, self.is_open, **QUIET)
        # the last size is no longer true, and the next takes a second or two
        gr.on(heavy, None, None, self.told, js=UNTOLD_JS, **QUIET)
        gr.on([result.change, *heavy], saving.estimate, asked, self.told, trigger_mode="always_last", **QUIET)

    def _connect_memory(self, page: gr.Blocks, saving: Saving) -> None:
        """What was wished last in this tab is wished again: of the next clip, and after a reload."""
        kept = {name: part for name, part in (self.wish | self.finish).items() if name not in OF_ONE_CLIP}
        saving.kept = list(kept)
        changes = [part.change for part in kept.values()]
        gr.on(changes, None, list(kept.values()), None, js=KEEP_JS, **QUIET)
        page.load(saving.remembered, self.kept, [self.box, self.is_open, *kept.values()], js=KEPT_JS, **QUIET)


KEEP_JS = "(...wishes) => { sessionStorage.setItem('stillmotion-wishes', JSON.stringify(wishes)); }"

KEPT_JS = "() => [sessionStorage.getItem('stillmotion-wishes') || '']"
