"""The Studio tab: the still on the left, what moves it on the right, the clip in the still's place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from jobs.queue import JobQueue
from pipelines.models.catalogue import default_model, find, models
from pipelines.models.spec import ModelSpec
from pipelines.shapes import SHAPES, SIZES
from ui import cards
from ui.backstage import Backstage
from ui.controls import (
    MOTION_CONTROLS,
    PRESETS,
    USUAL_S,
    Controls,
    bringing,
    choice,
    component,
    number,
    own_controls,
    slider,
)
from ui.direct.panel import direct_panel
from ui.examples import example_strip
from ui.hero import hero
from ui.recent import recent_clips
from ui.result import new_result
from ui.save_panel import SavePanel
from ui.share_panel import SharePanel
from ui.stage import new_stage
from ui.upload import StillUpload

CUSTOM_SIZE = "Custom"

AS_IT_IS = "As it is"
"""The shape that the picture has."""

CLIP_TYPES = [".mp4", ".webm", ".webp", ".png", ".zip"]
"""Files that may carry settings."""


@dataclass
class Studio:
    """The components of the Studio tab, by what they are for."""

    backstage: Backstage
    controls: Controls = field(default_factory=dict)

    @property
    def queue(self) -> JobQueue:
        """The queue that makes the clips."""
        return self.backstage.queue

    def build(self) -> None:
        """Lay the components out; call inside a Blocks context."""
        # boxes of the browser, not of the server's session: what they hold outlives a restart of the server
        self.picture = gr.Textbox("", visible=False, elem_id="picture")
        self.draft = gr.Textbox("", visible=False, elem_id="draft")
        self.changes = gr.Textbox("", visible=False, elem_id="changes")
        self.job_id = gr.Textbox("", visible=False, elem_id="job-id")
        self.seconds = gr.Number(0, visible=False)
        self.frame = gr.Textbox("", visible=False)
        self.seen = gr.State("")
        self.clock = gr.Timer(FOLLOW_EVERY_S, active=False)
        with gr.Row(elem_id="studio"):
            with gr.Column(scale=7, min_width=320, elem_id="picture-side"):
                self._build_picture()
            with gr.Column(scale=4, min_width=300, elem_id="control-side"):
                self._build_motion()
                self._build_folded()
                self._build_run()

    def _build_picture(self) -> None:
        self.hero = hero()
        self.upload = StillUpload(
            type="filepath",
            sources=["upload", "clipboard", "webcam"],
            label="Drop, paste or take a picture",
            show_label=False,
            placeholder="# Drop a photo here\nor click to choose one · paste · take one with the camera",
            elem_id="upload",
            buttons=[],
            image_mode=None,
        )
        self.stage = new_stage()
        self.shape = gr.Radio(
            [AS_IT_IS, *SHAPES], value=AS_IT_IS, label="Shape", container=False, elem_id="shape", visible="hidden"
        )
        self.progress = gr.HTML("", elem_id="progress", visible=True)
        self._build_afterwards()
        self.controls["direction"] = self.direct = direct_panel()
        answers = (gr.Textbox("", visible=False) for _ in range(5))
        self.outlined, self.sketched, self.varied, self.pictured, self.followed = answers
        with gr.Row(elem_id="below-stage"):
            self.examples = example_strip()
            self.settings_of = gr.UploadButton(
                "Settings from a clip", size="sm", file_types=CLIP_TYPES, elem_id="settings-of"
            )
            self.clear = gr.Button("New picture", size="sm", elem_id="clear", visible=False)

    def _build_afterwards(self) -> None:
        with gr.Column(visible=False, elem_id="afterwards") as self.after:
            with gr.Row(elem_id="after"):
                self.result = new_result()
                self.again = gr.Button("Another take", elem_id="again")
                self.longer = gr.Button("Longer", elem_id="longer")
                self.capture = gr.Button("Use this frame", elem_id="capture")
            self.saving = SavePanel(self.backstage.queue, self.backstage.waiting)
            self.saving.build()
            self.sharing = SharePanel(self.backstage.queue, self.backstage.shares)
            self.sharing.build()
        self.decode = gr.Button("Decode again", size="sm", elem_id="decode", visible=False)

    def _build_motion(self) -> None:
        self.preset = gr.Radio(
            list(PRESETS), value="Natural", label="Preset", show_label=False, container=False, elem_id="preset"
        )
        for name in MOTION_CONTROLS:
            self.controls[name] = slider(name)
        self.length = gr.Slider(
            1, USUAL_S, 3.5, step=0.1, label="Length", info="Seconds that the clip lasts.", elem_id="length", buttons=[]
        )
        for name in own_controls(is_in_front=True):
            self.controls[name] = component(name)

    def _build_folded(self) -> None:
        with gr.Accordion("Size", open=False, elem_id="size-box"):
            self.size = gr.Dropdown([*SIZES, CUSTOM_SIZE], value="Standard", label="Size", elem_id="size")
            with gr.Row(visible=False) as self.custom_size:
                self.controls["width"] = slider("width")
                self.controls["height"] = slider("height")
            self.controls["fit"] = choice("fit")
        with gr.Accordion("Details", open=False, elem_id="details"):
            self.controls["seed"] = number("seed")
            self.controls["num_frames"] = slider("num_frames")
            self.linked = gr.Checkbox(True, label="Play as fast as it was imagined", elem_id="linked")
            self.controls["playback_fps"] = slider("playback_fps", visible=False)
            self._build_sampler()
            for name in ("interpolation", "upscaling"):
                self.controls[name] = choice(name)
            self.controls["backdrop"] = gr.Textbox(
                "blur", label="Backdrop of a see-through picture", info="blur, or a colour such as #ffffff"
            )
            self.controls["anchor_x"] = slider("anchor_x")
            self.controls["anchor_y"] = slider("anchor_y")

    def _build_sampler(self) -> None:
        """What brings other defaults stands before what it brings them to."""
        own, first = own_controls(is_in_front=False), bringing()
        for name in own:
            if name in first:
                self.controls[name] = component(name)
        for name in ("num_inference_steps", "min_guidance_scale", "max_guidance_scale", "decode_chunk_size"):
            self.controls[name] = slider(name)
        for name in own:
            if name not in first:
                self.controls[name] = component(name)

    def _take_defaults(self, spec: ModelSpec) -> None:
        """The controls begin where the model has them, and those it ignores are not shown."""
        for name, control in self.controls.items():
            if name in spec.defaults:
                control.value = spec.defaults[name]
            control.visible = name not in spec.ignores and control.visible
        self.length.visible = spec.any_moment

    def _build_run(self) -> None:
        chosen = default_model()
        self._take_defaults(find(chosen))
        self.model = gr.Dropdown(model_choices(), value=chosen, label="Model", elem_id="control-model")
        self.controls["model"] = self.model
        self.summary = gr.HTML(cards.model_line(find(chosen)), elem_id="summary")
        with gr.Row(elem_id="run-row"):
            self.animate = gr.Button("Animate", variant="primary", size="lg", elem_id="animate", scale=3)
            self.stop = gr.Button("Stop", size="lg", elem_id="stop", scale=1, interactive=False)
        self.recent = recent_clips()


FOLLOW_EVERY_S, WAIT_EVERY_S = 0.4, 1.5
"""Seconds between looks at a running job, brisk for the eye, and at a waiting one, which changes seldom."""


def model_choices() -> list[tuple[str, str]]:
    """Names and ids for the menu of models; raises `ModelError` where the list of added models is damaged."""
    return [(spec.name, spec.id) for spec in models()]


def take_turns(running: bool) -> list[Any]:
    """Updates of Animate and Stop: one of them can be pressed."""
    return [gr.update(interactive=not running), gr.update(interactive=running)]
