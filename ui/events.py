"""What happens when somebody touches the Studio tab."""

from __future__ import annotations

from typing import Any

import gradio as gr

from pipelines.catalogue import find, request_for, steps_for
from pipelines.errors import StillmotionError
from pipelines.machine import fits
from pipelines.request import MotionRequest
from ui import cards
from ui.controls import DEFAULTED, PRESET_CONTROLS, PRESETS, collect, model_updates
from ui.examples import example_path
from ui.quiet import QUIET
from ui.stage import EMPTY
from ui.still import frame_value, opened
from ui.studio import SIZE_CHOICES, Studio, take_turns

FRAMING_CONTROLS = ("width", "height", "fit", "anchor_x", "anchor_y", "backdrop")
"""Controls that change the frame that the model sees."""


class StudioEvents:
    """Joins the components of a `Studio` to its queue."""

    def __init__(self, studio: Studio) -> None:
        self.studio, self.queue = studio, studio.queue
        self.names = list(studio.controls)
        self.components = list(studio.controls.values())

    def connect(self) -> None:
        """Attach every event; call inside the Blocks context."""
        self._connect_still()
        self._connect_controls()

    def _connect_still(self) -> None:
        s = self.studio
        taken = [s.still_path, s.stage, s.upload, s.clear, s.progress, s.after]
        opening = QUIET | {"show_progress": "full", "show_progress_on": [s.upload]}
        s.upload.upload(self.take_still, [s.upload, *self.components], taken, **opening)
        s.examples.choose(self.take_example, self.components, taken, **opening)
        cleared = s.clear.click(self.clear, None, [*taken, s.job_id, s.clock, s.decode, s.animate, s.stop], **QUIET)
        cleared.then(None, None, None, js="() => stillmotion.forget()", **QUIET)
        s.stage.nudge(self.nudge, None, [s.controls["anchor_x"], s.controls["anchor_y"]], **QUIET)
        framing = [s.controls[name].change for name in FRAMING_CONTROLS]
        shown = [s.stage, s.progress, s.after]
        # One event for all of them: answers of separate ones could overtake each other.
        gr.on(framing, self.show_frame, [s.still_path, *self.components], shown, trigger_mode="always_last", **QUIET)

    def _connect_controls(self) -> None:
        s = self.studio
        motion = [s.controls[name] for name in PRESET_CONTROLS]
        s.preset.input(self.apply_preset, s.preset, motion, **QUIET)
        for control in motion:
            control.input(lambda: None, None, s.preset, **QUIET)
        size = [s.controls["width"], s.controls["height"], s.custom_size]
        s.size.input(self.apply_size, s.size, size, **QUIET)
        s.linked.input(self.link_fps, [s.linked, s.controls["fps"]], s.controls["playback_fps"], **QUIET)
        speed, steps = s.controls["speed"], s.controls["num_inference_steps"]
        s.controls["speed"].input(self.choose_speed, [speed, s.model], steps, **QUIET)
        chosen = s.model.input(self.choose_model, s.model, self.components, **QUIET)
        # the look that the menu's own change begins may come with the last model's frames, which Gradio then refuses
        chosen.then(self.summarize, self.components, s.summary, **QUIET)
        changes = [control.change for control in self.components]
        # a finished clip is news as well: how long the next one will take
        gr.on(
            [*changes, s.result.change], self.summarize, self.components, s.summary, trigger_mode="always_last", **QUIET
        )

    def connect_load(self, page: gr.Blocks) -> None:
        """What happens when the page opens."""
        page.load(self.summarize, self.components, self.studio.summary, **QUIET)

    @staticmethod
    def choose_speed(speed: str, model: str) -> int:
        """A speed brings the number of steps that it is made for."""
        return steps_for(find(model), speed)

    # -- the still

    def take_still(self, path: str | None, *values: Any) -> list[Any]:
        """A picture was dropped, pasted, chosen or taken: the worker may wake while it is looked at."""
        self.queue.expect()
        try:
            opened(path or "")
            stage = frame_value(path or "", self.request(values))
        except StillmotionError as error:
            return [gr.skip(), gr.skip(), gr.update(value=None), gr.skip(), cards.problem(str(error)), gr.skip()]
        return [path, gr.update(value=stage, visible=True), *stage_shown(), "", gr.update(visible=False)]

    def take_example(self, event: gr.EventData, *values: Any) -> list[Any]:
        """An example was clicked."""
        path = example_path(str(event.name))
        return self.take_still(str(path) if path else None, *values)

    def clear(self) -> list[Any]:
        """Back to the empty stage; what is being made goes on, and is in the library when it is done."""
        hidden = gr.update(visible=False)
        stage = gr.update(value=EMPTY, visible="hidden")
        empty = ["", stage, gr.update(value=None, visible=True), hidden, "", hidden]
        return [*empty, "", gr.Timer(active=False), hidden, *take_turns(False)]

    def nudge(self, event: gr.EventData) -> list[float]:
        """The crop was dragged or moved with the arrow keys."""
        return [round(float(event.x), 3), round(float(event.y), 3)]

    def show_frame(self, path: str, *values: Any) -> list[Any]:
        """The frame changed shape or place: show exactly what the model will see."""
        if not path:
            return [gr.skip()] * 3
        try:
            return [frame_value(path, self.request(values)), "", gr.update(visible=False)]
        except StillmotionError as error:
            return [gr.skip(), cards.problem(str(error)), gr.skip()]

    # -- the controls

    def apply_preset(self, name: str) -> list[Any]:
        """Move the motion sliders to where the preset has them."""
        preset = PRESETS[name]
        return [getattr(preset, control) for control in PRESET_CONTROLS]

    def apply_size(self, name: str) -> list[Any]:
        """A named size moves the width and height; Custom shows their sliders."""
        if name not in SIZE_CHOICES:
            return [gr.skip(), gr.skip(), gr.update(visible=True)]
        width, height = SIZE_CHOICES[name]
        return [width, height, gr.update(visible=False)]

    def link_fps(self, linked: bool, fps: int) -> Any:
        """Linked, the file plays at the motion fps; unlinked, its own slider appears."""
        return gr.update(value=0 if linked else fps, visible=not linked)

    def choose_model(self, model: str) -> list[Any]:
        """Another model: its own defaults, and only the controls that it obeys."""
        spec = find(model)
        return model_updates(self.names, spec, {name: spec.defaults[name] for name in DEFAULTED})

    def summarize(self, *values: Any) -> str:
        """What the clip will be and cost, or what is wrong with the controls."""
        try:
            request = self.request(values)
            return cards.summary(request, fits(find(request.model), request), self.queue.estimate(request))
        except StillmotionError as error:
            return cards.problem(str(error))

    def request(self, values: tuple[Any, ...]) -> MotionRequest:
        """What the controls ask for; raises `RequestError` and `ModelError`."""
        return request_for(collect(self.names, values))


def stage_shown() -> list[Any]:
    """The upload makes room for the stage; the button for a new picture appears."""
    return [gr.update(visible=False), gr.update(visible=True)]
