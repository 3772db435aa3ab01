"""What happens when somebody touches the Studio tab."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from jobs.glance import Glance
from jobs.recipe import request_of_recipe
from media.recipe import read_recipe
from pipelines.errors import ClipError, RequestError, StillmotionError, UnknownJob
from pipelines.models.asking import default_of, fits, request_for
from pipelines.models.catalogue import find
from pipelines.request import FRAMING_CONTROLS, MotionRequest
from pipelines.shapes import SHAPES, SIZES, size_of
from ui import cards
from ui.controls import DEFAULTED, PRESET_CONTROLS, PRESETS, bringing, collect, model_updates
from ui.direct.events import DirectEvents
from ui.direct.further import Further
from ui.draft import Draft
from ui.pictures import EXAMPLE, Pictures
from ui.quiet import QUIET, visitor_of
from ui.settings import Settings, frames_in, length_shown, seconds_of
from ui.stage import EMPTY
from ui.still import frame_value, shape_of
from ui.studio import CUSTOM_SIZE, Studio, take_turns

RESTORED = "The settings of this clip are back. Give the same picture, and the same clip is made again."

STILL_RUNNING = ("The clip of the last picture is still being made.", "Wait for it, or press Stop, and choose again.")


class StudioEvents:
    """Joins the components of a `Studio` to its queue."""

    def __init__(self, studio: Studio) -> None:
        self.studio, self.queue = studio, studio.queue
        self.names = list(studio.controls)
        self.components = list(studio.controls.values())
        self.settings = Settings(studio)
        self.pictures = Pictures(studio.queue, studio.backstage.uploads)
        self.further = Further(studio.queue, studio.backstage.uploads)

    def connect(self) -> None:
        """Attach every event; call inside the Blocks context."""
        self._connect_picture()
        self._connect_shape()
        self._connect_controls()
        DirectEvents(self).connect()

    @property
    def taken(self) -> list[Any]:
        """The components that a new picture changes."""
        s = self.studio
        return [s.picture, s.stage, s.upload, s.hero, s.shape, s.clear, s.progress, s.after, s.job_id]

    def _connect_picture(self) -> None:
        s = self.studio
        changed = [*self.taken, *self.settings.components]
        given = [s.job_id, s.shape, s.size, *self.components]
        opening = QUIET | {"show_progress": "full", "show_progress_on": [s.upload]}
        s.upload.upload(self.take_upload, [s.upload, *given], changed, **opening).then(**self.leave_job)
        s.examples.choose(self.take_example, given, changed, **opening).then(**self.leave_job)
        s.clear.click(self.clear, None, [*self.taken, s.clock, s.decode, s.animate, s.stop], **QUIET).then(
            **self.leave_job
        )
        s.settings_of.upload(
            self.take_settings, [s.settings_of, s.picture], [s.progress, *self.settings.components], **QUIET
        ).then(**self.frame_again)

    def _connect_shape(self) -> None:
        s = self.studio
        anchors = [s.controls["anchor_x"], s.controls["anchor_y"]]
        s.stage.nudge(self.nudge, None, anchors, **QUIET).then(**self.frame_again)
        sized = [s.controls["width"], s.controls["height"], s.custom_size, s.shape]
        for menu in (s.shape, s.size):
            menu.input(self.apply_size, [s.shape, s.size, s.picture], sized, **QUIET).then(**self.frame_again)
        # One event for all of them: answers of separate ones could overtake each other.
        touched = [s.controls[name].input for name in FRAMING_CONTROLS]
        gr.on(touched, trigger_mode="always_last", **self.frame_again)

    @property
    def frame_again(self) -> dict[str, Any]:
        """The event that shows the frame anew."""
        s = self.studio
        inputs, outputs = [s.picture, *self.components], [s.stage, s.progress, s.after]
        return {"fn": self.show_frame, "inputs": inputs, "outputs": outputs, **QUIET}

    @property
    def leave_job(self) -> dict[str, Any]:
        """The event that makes the address the studio's own again, where no job is shown any more."""
        forget = "(id) => { if (!id) stillmotion.forget(); }"
        return {"fn": None, "inputs": self.studio.job_id, "outputs": None, "js": forget, **QUIET}

    @property
    def changed(self) -> dict[str, Any]:
        """The event that tells of another choice: what the clip will be is said anew, and kept.

        Many choices may change at once. The page counts them as one, for Gradio would ask the server for each, and
        show the answer that comes last, which need not be the last one's.
        """
        return {
            "fn": None,
            "inputs": None,
            "outputs": self.studio.changes,
            "js": "() => stillmotion.counted()",
            **QUIET,
        }

    def connect_load(self, page: gr.Blocks) -> None:
        """What happens when the page opens."""
        page.load(**self.changed)

    def _connect_controls(self) -> None:
        s = self.studio
        motion = [s.controls[name] for name in PRESET_CONTROLS]
        s.preset.input(self.apply_preset, s.preset, motion, **QUIET)
        for control in motion:
            control.input(lambda: None, None, s.preset, **QUIET)
        fps, frames = s.controls["fps"], s.controls["num_frames"]
        s.length.input(frames_in, [s.length, fps, s.model], frames, **QUIET)
        fps.input(self.keep_length, [s.length, fps, s.model, frames], [frames, s.length], **QUIET)
        frames.input(seconds_of, [frames, fps], s.length, **QUIET)
        s.linked.input(self.link_fps, [s.linked, fps], s.controls["playback_fps"], **QUIET)
        for name, brought in bringing().items():
            given, taken = [s.controls[name], s.model], [s.controls[each] for each in brought]
            s.controls[name].input(partial(_brought, name, brought), given, taken, **QUIET)
        chosen = s.model.input(self.choose_model, s.model, [s.length, s.preset, *self.components], **QUIET)
        # the look that the menu's own change begins may come with the last model's frames, too many for this one
        chosen.then(**self.changed)
        given = [s.picture, *self.components]
        # a finished clip is news as well: how long the next one will take
        gr.on([each.change for each in (*given, s.result)], trigger_mode="multiple", **self.changed)
        s.changes.change(self.summarize, given, [s.summary, s.draft], trigger_mode="always_last", **QUIET)
        s.draft.change(None, s.draft, None, js="(text) => stillmotion.keep(text)", **QUIET)

    # -- the picture

    def take_upload(
        self, path: str | None, job_id: str, shape: str | None, size: str, request: gr.Request, *values: Any
    ) -> list[Any]:
        """A picture was dropped, pasted, chosen or taken; one of ours brings its settings along."""
        restored, words = _settings_in(path or "")
        return self.take(path or "", (job_id, shape, size), request, *values, restored=restored, words=words)

    def take_example(
        self, event: gr.EventData, job_id: str, shape: str | None, size: str, request: gr.Request, *values: Any
    ) -> list[Any]:
        """An example was clicked."""
        return self.take(f"{EXAMPLE}{event.name}", (job_id, shape, size), request, *values)

    def take(
        self,
        choice: str,
        shown: tuple[str, str | None, str],
        asked: gr.Request,
        *values: Any,
        restored: MotionRequest | None = None,
        words: str = "",
    ) -> list[Any]:
        """A picture comes on the stage, with settings of its own if it has any; what belonged to the last one goes."""
        job_id, shape, size = shown
        self.queue.expect()
        try:
            self._check_stands_still(job_id)
            path = self.pictures.path(choice, visitor_of(asked))
            if restored is None:
                request, changes = self._fitted(path, self.request(values), shape, size)
            else:
                request, changes = restored, self.settings.shown(restored, shape_of(str(path)))
            stage = self._framed(path, request)
        except StillmotionError as error:
            refused = [*[gr.skip()] * 2, gr.update(value=None), *[gr.skip()] * 3, cards.problem(str(error))]
            return [*refused, *[gr.skip()] * 2, *self.settings.untouched()]
        new = [choice, gr.update(value=stage, visible=True), *stage_shown(), words, gr.update(visible=False), ""]
        return [*new, *changes]

    def _fitted(
        self, path: Path, request: MotionRequest, shape: str | None, size: str
    ) -> tuple[MotionRequest, list[Any]]:
        """The request in the shape that is chosen, for a new picture, and what changes on the controls."""
        changes: dict[str, Any] = {"direction": request.direction.elsewhere()}
        if shape is not None and size != CUSTOM_SIZE:
            changes |= zip(("width", "height"), self._size(shape, size, path), strict=True)
        request = request.model_copy(update=changes)
        return request, self.settings.changed(request, tuple(changes))

    def _check_stands_still(self, job_id: str) -> None:
        """The picture of a run under way stays where it is."""
        with suppress(UnknownJob):
            if job_id and not self.queue.get(job_id).has_ended:
                raise RequestError(*STILL_RUNNING)

    def clear(self) -> list[Any]:
        """Back to the empty stage; what is being made goes on, and is in the library when it is done."""
        hidden = gr.update(visible=False)
        stage = gr.update(value=EMPTY, visible="hidden")
        upload = gr.update(value=None, visible=True)
        empty = ["", stage, upload, gr.update(visible=True), gr.update(visible="hidden"), hidden, "", hidden, ""]
        return [*empty, gr.Timer(active=False), hidden, *take_turns(False)]

    def take_settings(self, path: str | None, choice: str, asked: gr.Request) -> list[Any]:
        """A clip was chosen for its settings."""
        try:
            request = request_of_recipe(read_recipe(Path(path or "")))
            return [cards.note(RESTORED), *self.settings.shown(request, self.shape_of(choice, visitor_of(asked)))]
        except StillmotionError as error:
            return [cards.problem(str(error)), *self.settings.untouched()]

    def shape_of(self, choice: str, visitor: str) -> float | None:
        """Width over height of the picture that is chosen, None where there is none."""
        try:
            return shape_of(str(self.pictures.path(choice, visitor)))
        except StillmotionError:
            return None

    def nudge(self, event: gr.EventData) -> list[float]:
        """The crop was dragged or moved with the arrow keys."""
        return [round(float(event.x), 3), round(float(event.y), 3)]

    def show_frame(self, choice: str, asked: gr.Request, *values: Any) -> list[Any]:
        """The frame changed shape or place: show exactly what the model will see."""
        if not choice:
            return [gr.skip()] * 3
        try:
            path = self.pictures.path(choice, visitor_of(asked))
            return [self._framed(path, self.request(values)), "", gr.update(visible=False)]
        except StillmotionError as error:
            return [gr.skip(), cards.problem(str(error)), gr.skip()]

    def _framed(self, path: Path, request: MotionRequest) -> dict[str, Any]:
        """What the stage shows of a still; the worker looks at the same meanwhile. Raises `StillmotionError`."""
        value = frame_value(str(path), request)
        self.queue.expect(Glance(path, request))
        return value

    # -- the controls

    def apply_preset(self, name: str) -> list[Any]:
        """Move the motion sliders to where the preset has them."""
        preset = PRESETS[name]
        return [getattr(preset, control) for control in PRESET_CONTROLS]

    def apply_size(self, shape: str | None, size: str, choice: str, asked: gr.Request) -> list[Any]:
        """A shape and a named size move the width and height; Custom shows their sliders."""
        if size == CUSTOM_SIZE:
            return [gr.skip(), gr.skip(), gr.update(visible=True), None]
        chosen = shape or next(iter(SHAPES))
        path = self.pictures.path(choice, visitor_of(asked)) if choice else None
        return [*self._size(chosen, size, path), gr.update(visible=False), chosen]

    def _size(self, shape: str, size: str, path: Path | None) -> tuple[int, int]:
        """Width and height of a clip, for its picture where it is to have the picture's shape."""
        if shape in SHAPES:
            return size_of(SHAPES[shape], size)
        return SIZES[size] if path is None else size_of(shape_of(str(path)), size)

    def keep_length(self, seconds: float, fps: int, model: str, frames: int) -> list[Any]:
        """Smoother or less smooth, a clip is as long as before; where frames are dear they stay as many."""
        spec = find(model)
        kept = frames_in(seconds, fps, model) if spec.any_moment else frames
        return [kept, length_shown(spec, kept, fps)]

    def link_fps(self, linked: bool, fps: int) -> Any:
        """Linked, the file plays at the motion fps; unlinked, its own slider appears."""
        return gr.update(value=0 if linked else fps, visible=not linked)

    def choose_model(self, model: str) -> list[Any]:
        """Another model: its own defaults, and only the controls that it obeys."""
        spec = find(model)
        length = length_shown(spec, spec.defaults["num_frames"], spec.defaults["fps"])
        presets = gr.update(visible=not spec.ignores.issuperset(PRESET_CONTROLS))
        return [length, presets, *model_updates(self.names, spec, {name: spec.defaults[name] for name in DEFAULTED})]

    def summarize(self, picture: str, *values: Any) -> list[Any]:
        """What the clip will be and cost, or what is wrong with the controls; and what the browser keeps of it."""
        try:
            request = self.request(values)
            summary = cards.summary(request, fits(find(request.model), request), self.queue.estimate(request))
        except StillmotionError as error:
            return [cards.problem(str(error)), gr.skip()]
        return [summary, Draft(picture, request).text()]

    def request(self, values: tuple[Any, ...]) -> MotionRequest:
        """What the controls ask for; raises `RequestError` and `ModelError`."""
        return request_for(collect(self.names, values))


def _brought(name: str, brought: list[str], value: Any, model: str) -> Any:
    """The defaults that a control's new value brings for others, such as a speed the steps that it is made for."""
    spec = find(model)
    defaults = [default_of(spec, each, {name: value}) for each in brought]
    return defaults if len(defaults) > 1 else defaults[0]  # Gradio takes one output's value as it is


def _settings_in(path: str) -> tuple[MotionRequest | None, str]:
    """The settings that a picture of ours, or one of ComfyUI's, carries, and what is said of them; most carry none."""
    try:
        return request_of_recipe(read_recipe(Path(path))), cards.note(RESTORED)
    except ClipError:
        return None, ""
    except StillmotionError as error:
        return None, cards.problem(str(error))


def stage_shown() -> list[Any]:
    """The upload makes room for the stage, and waits out of sight for what is pasted or dropped; the button for a new
    picture appears."""
    away = gr.update(value=None, visible="hidden")
    return [away, gr.update(visible=False), gr.update(visible=True), gr.update(visible=True)]
