"""What happens when somebody touches the Studio tab."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import gradio as gr

from jobs.job import Job
from pipelines.catalogue import find, request_for
from pipelines.errors import InputError, StillmotionError
from pipelines.machine import fits
from pipelines.request import MotionRequest
from ui import cards
from ui.controls import MOTION_CONTROLS, PRESETS, collect
from ui.examples import example_path
from ui.stage import EMPTY, clip_value, preview_value
from ui.still import frame_value, opened
from ui.studio import SIZE_CHOICES, Studio

QUIET: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
"""Of events that answer at once: they wait for nobody and show no spinner."""

DEFAULTED = ("num_frames", "num_inference_steps", "min_guidance_scale", "max_guidance_scale")
"""Controls whose defaults differ between models."""

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
        self._connect_run()

    def _connect_still(self) -> None:
        s = self.studio
        taken = [s.still_path, s.stage, s.upload, s.clear, s.progress, s.after]
        opening = QUIET | {"show_progress": "full", "show_progress_on": [s.upload]}
        s.upload.upload(self.take_still, [s.upload, *self.components], taken, **opening)
        s.examples.choose(self.take_example, self.components, taken, **opening)
        s.clear.click(self.clear, None, [*taken, s.job_id, s.clock], **QUIET)
        s.stage.nudge(self.nudge, None, [s.controls["anchor_x"], s.controls["anchor_y"]], **QUIET)
        framing = [s.controls[name].change for name in FRAMING_CONTROLS]
        shown = [s.stage, s.progress, s.after]
        # One event for all of them: answers of separate ones could overtake each other.
        gr.on(framing, self.show_frame, [s.still_path, *self.components], shown, trigger_mode="always_last", **QUIET)

    def _connect_controls(self) -> None:
        s = self.studio
        motion = [s.controls[name] for name in MOTION_CONTROLS]
        s.preset.input(self.apply_preset, s.preset, motion, **QUIET)
        for control in motion:
            control.input(lambda: None, None, s.preset, **QUIET)
        size = [s.controls["width"], s.controls["height"], s.custom_size]
        s.size.input(self.apply_size, s.size, size, **QUIET)
        s.linked.input(self.link_fps, [s.linked, s.controls["fps"]], s.controls["playback_fps"], **QUIET)
        s.model.change(self.choose_model, s.model, [s.controls[name] for name in self.names], **QUIET)
        changes = [control.change for control in self.components]
        gr.on(changes, self.summarize, self.components, s.summary, trigger_mode="always_last", **QUIET)

    def _connect_run(self) -> None:
        s = self.studio
        running = [s.job_id, s.clock, s.animate, s.stop, s.progress, s.after, s.seen]
        s.animate.click(self.start, [s.still_path, *self.components], running, **QUIET)
        s.again.click(self.start_again, [s.job_id, s.still_path], running, **QUIET)
        s.stop.click(self.cancel, s.job_id, None, **QUIET)
        followed = [s.stage, s.progress, s.result, s.after, s.clock, s.animate, s.stop, s.seen]
        s.clock.tick(self.follow, [s.job_id, s.seen], followed, **QUIET)

    def connect_load(self, page: gr.Blocks) -> None:
        """What happens when the page opens: a job that this browser started is found again."""
        s = self.studio
        page.load(self.summarize, self.components, s.summary, **QUIET)
        found = [s.still_path, s.stage, s.upload, s.clear, s.clock, s.animate, s.stop]
        page.load(self.resume, s.job_id, found, **QUIET)

    # -- the still

    def take_still(self, path: str | None, *values: Any) -> list[Any]:
        """A picture was dropped, pasted, chosen or taken."""
        try:
            opened(path or "")
            stage = frame_value(path or "", self._request(values))
        except StillmotionError as error:
            return [gr.skip(), gr.skip(), gr.update(value=None), gr.skip(), cards.problem(str(error)), gr.skip()]
        return [path, gr.update(value=stage, visible=True), *_stage_shown(), "", gr.update(visible=False)]

    def take_example(self, event: gr.EventData, *values: Any) -> list[Any]:
        """An example was clicked."""
        path = example_path(str(event.name))
        return self.take_still(str(path) if path else None, *values)

    def clear(self) -> list[Any]:
        """Back to the empty stage."""
        hidden = gr.update(visible=False)
        stage = gr.update(value=EMPTY, visible="hidden")
        return ["", stage, gr.update(value=None, visible=True), hidden, "", hidden, "", gr.Timer(active=False)]

    def nudge(self, event: gr.EventData) -> list[float]:
        """The crop was dragged or moved with the arrow keys."""
        return [round(float(event.x), 3), round(float(event.y), 3)]

    def show_frame(self, path: str, *values: Any) -> list[Any]:
        """The frame changed shape or place: show exactly what the model will see."""
        if not path:
            return [gr.skip()] * 3
        try:
            return [frame_value(path, self._request(values)), "", gr.update(visible=False)]
        except StillmotionError as error:
            return [gr.skip(), cards.problem(str(error)), gr.skip()]

    # -- the controls

    def apply_preset(self, name: str) -> list[Any]:
        """Move the motion sliders to where the preset has them."""
        preset = PRESETS[name]
        return [getattr(preset, control) for control in MOTION_CONTROLS]

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
        updates = []
        for name in self.names:
            changes: dict[str, Any] = {}
            if name in DEFAULTED:
                changes = {"value": spec.defaults[name], "visible": name not in spec.ignores}
            elif name == "decode_chunk_size":
                changes = {"visible": name not in spec.ignores}
            if name == "num_frames":
                changes["maximum"] = spec.max_frames
            updates.append(gr.update(**changes) if changes else gr.skip())
        return updates

    def summarize(self, *values: Any) -> str:
        """What the clip will be and cost, or what is wrong with the controls."""
        try:
            request = self._request(values)
            return cards.summary(request, fits(find(request.model), request), self.queue.estimate(request))
        except StillmotionError as error:
            return cards.problem(str(error))

    def _request(self, values: tuple[Any, ...]) -> MotionRequest:
        return request_for(collect(self.names, values))

    # -- the run

    def start(self, path: str, *values: Any) -> list[Any]:
        """Animate was pressed."""
        try:
            if not path:
                raise InputError("There is no picture yet.", "Drop, paste or choose one, or click an example.")
            return self._submitted(path, self._request(values))
        except StillmotionError as error:
            return _not_started(error)

    def start_again(self, job_id: str, path: str) -> list[Any]:
        """The same once more, with a new seed."""
        try:
            job = self.queue.get(job_id)
            still = path or str(self.queue.folder(job_id).still)
            return self._submitted(still, job.request.model_copy(update={"seed": -1}))
        except StillmotionError as error:
            return _not_started(error)

    def _submitted(self, path: str, request: MotionRequest) -> list[Any]:
        job_id = self.queue.submit(Path(path), request)
        words = cards.progress(self.queue.get(job_id))
        return [job_id, gr.Timer(active=True), *_running(True), words, gr.update(visible=False), ""]

    def cancel(self, job_id: str) -> None:
        """Stop was pressed; a job that is no longer known has nothing to stop."""
        with suppress(InputError):
            self.queue.cancel(job_id)

    def follow(self, job_id: str, seen: str) -> list[Any]:
        """A look at the running job: what changed since the last look is shown."""
        try:
            job = self.queue.get(job_id)
        except InputError:
            return [gr.skip()] * 4 + [gr.Timer(active=False), *_running(False), ""]
        if job.to_json() == seen:
            return [gr.skip()] * 8
        stage = self._stage_of(job)
        is_done = job.state == "done"
        result = cards.result(job) if is_done else gr.skip()
        clock = gr.Timer(active=not job.has_ended)
        after = gr.update(visible=is_done)
        return [stage, cards.progress(job), result, after, clock, *_running(not job.has_ended), job.to_json()]

    def _stage_of(self, job: Job) -> Any:
        size = (job.request.width, job.request.height)
        if job.state == "done":
            return gr.update(value=clip_value(job.id, size), visible=True)
        if job.previews and not job.has_ended:
            return gr.update(value=preview_value(job.id, job.previews, size), visible=True)
        if job.state in {"failed", "cancelled"} and job.previews:
            return gr.update(value=frame_value(str(self.queue.folder(job.id).still), job.request), visible=True)
        return gr.skip()

    def resume(self, job_id: str) -> list[Any]:
        """The page was opened or reloaded: go on with this browser's last job."""
        try:
            job = self.queue.get(job_id)
        except InputError:
            return [gr.skip()] * 7
        still = str(self.queue.folder(job_id).still)
        try:
            stage = gr.update(value=frame_value(still, job.request), visible=True)
        except StillmotionError:
            return [gr.skip()] * 7
        return [still, stage, *_stage_shown(), gr.Timer(active=True), *_running(not job.has_ended)]


def _stage_shown() -> list[Any]:
    """The upload makes room for the stage; the button for a new picture appears."""
    return [gr.update(visible=False), gr.update(visible=True)]


def _running(running: bool) -> list[Any]:
    """Animate and Stop take turns."""
    return [gr.update(interactive=not running), gr.update(interactive=running)]


def _not_started(error: StillmotionError) -> list[Any]:
    problem = cards.problem(str(error))
    return [gr.skip(), gr.skip(), *_running(False), problem, gr.skip(), gr.skip()]
