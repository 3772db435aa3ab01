"""Below a finished clip: save it as something else, perhaps finished further, and see that first on the stage."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlencode

import gradio as gr
from media.export.target_size import MEGABYTE, TARGETS

from jobs.names import file_name
from jobs.queue import JobQueue
from media.export.formats import FORMATS
from media.export.order import Export
from media.finish.plan import Finish, Loop, finished_size, parse_finish
from pipelines.errors import RequestError, StillmotionError
from pipelines.request import MotionRequest, parse_request
from ui import cards
from ui.controls import FACTORS
from ui.quiet import QUIET
from ui.stage import StagedClip, clip_value
from ui.waiting import Waiting

ANY_SIZE = "As large as it is"

LOOPS = {"once": "Once", "ping-pong": "There and back", "cross-fade": "Blend end into start"}

HELP = (
    "Smoother and Larger are quick estimates. Models take longer, minutes on a CPU, and make a new clip: RIFE draws the"
    " frames in between, Real-ESRGAN paints detail that it does not know."
)
"""Said before the button that hands the clip to the helpers."""

SOUND_TYPES = [".mp3", ".wav", ".ogg", ".flac", ".m4a"]


class SavePanel:
    """The components of the panel, and what they do."""

    def __init__(self, queue: JobQueue, waiting: Waiting) -> None:
        self.queue, self.waiting = queue, waiting

    def build(self) -> None:
        """Lay the components out; call inside a Blocks context."""
        with gr.Accordion("Save as · loop, speed, title, sound", open=False, elem_id="save-box"):
            with gr.Row():
                choices = [(kind.label, name) for name, kind in FORMATS.items()]
                self.kind = gr.Dropdown(choices, value="mp4", label="Format", elem_id="save-format")
                self.limit = gr.Dropdown([ANY_SIZE, *TARGETS], value=ANY_SIZE, label="At most", elem_id="save-limit")
            moving = _motion_inputs()
            with gr.Row(elem_id="helped-row"):
                self.help = gr.HTML(help_words(), elem_id="helped-words")
                self.helped = gr.Button("Make it with a model", size="sm", elem_id="make-helped")
            self.finish = moving | _cut_inputs()
            for name, component in self.finish.items():
                component.elem_id = f"finish-{name}"
            self.sound = gr.File(label="Soundtrack (MP4 and WebM)", file_types=SOUND_TYPES, height=140, elem_id="sound")
            self.recipe = gr.Checkbox(
                True, label="Put settings and Content Credentials into the file", elem_id="keep-recipe"
            )
            with gr.Row(elem_id="save-row"):
                self.show = gr.Button("Show on the stage", size="sm", elem_id="show-finished")
                self.save = gr.Button("Make the file", size="sm", variant="primary", elem_id="make-file")
            self.saved = gr.HTML("", elem_id="saved")
            self.file = gr.HTML("", visible=False, elem_id="download-file")

    def connect(self, job_id: gr.Textbox, stage: gr.HTML) -> None:
        """Join the components; call inside the Blocks context."""
        finish = list(self.finish.values())
        inputs = [job_id, self.kind, self.limit, self.sound, self.recipe, *finish]
        making = QUIET | {"show_progress": "full", "show_progress_on": [self.saved]}
        self.save.click(self.make_file, inputs, [self.saved, self.file], **making)
        self.show.click(self.preview, [job_id, *finish], [stage, self.saved], **QUIET)
        # what was made is no longer what is asked for
        gr.on(
            [each.change for each in (self.kind, self.limit, self.recipe, *finish)],
            _forgotten,
            None,
            self.file,
            **QUIET,
        )

    @property
    def factors(self) -> tuple[gr.Dropdown, gr.Dropdown]:
        """How many times as many frames, and how many times as large."""
        return self.finish["smoother"], self.finish["larger"]

    async def make_file(self, job_id: str, request: gr.Request, *values: Any) -> list[Any]:
        """Make the file was pressed."""
        try:
            path = await self.waiting.made(job_id, self._wanted(values), request.request)
        except StillmotionError as error:
            return [cards.problem(str(error)), _forgotten()]
        return ["", gr.update(value=_download(job_id, path), visible=True)]

    def _wanted(self, values: tuple[Any, ...]) -> Export:
        kind, limit, sound, recipe, *finish = values
        track = Path(sound) if sound else None
        return Export(FORMATS[kind], self._finish(tuple(finish)), track, TARGETS.get(limit, 0), recipe)

    async def preview(self, job_id: str, request: gr.Request, *values: Any) -> list[Any]:
        """Show on the stage was pressed: the finished clip as an MP4."""
        try:
            finish = self._finish(values)
            # made here, so that what is wrong is said here
            await self.waiting.made(job_id, Export(finish=finish, keep_recipe=False), request.request)
            job = self.queue.get(job_id)
        except StillmotionError as error:
            return [gr.skip(), cards.problem(str(error))]
        query = urlencode({"finish": finish.model_dump_json()})
        size = finished_size(finish, job.request.clip_width, job.request.clip_height)
        file = f"clips/{job_id}?{query}"
        return [clip_value(StagedClip(f"{file}&recipe=false", "", file, file_name(job, ".mp4")), size), ""]

    def _finish(self, values: tuple[Any, ...]) -> Finish:
        given = dict(zip(self.finish, values, strict=True))
        return parse_finish({name: value for name, value in given.items() if value is not None})


def _motion_inputs() -> dict[str, Any]:
    """An input for each wish about how it moves and how large it is, by its field's name."""
    inputs: dict[str, Any] = {}
    with gr.Row():
        inputs["loop"] = gr.Dropdown([(LOOPS[each], each) for each in get_args(Loop)], value="once", label="Loop")
        inputs["speed"] = gr.Slider(0.25, 4, 1, step=0.05, label="Speed", buttons=[])
    with gr.Row():
        inputs["smoother"] = gr.Dropdown(
            [("As it is", 1), ("x2 frames", 2), ("x4 frames", 4)], value=1, label="Smoother"
        )
        factors = [(words, factor) for factor, words in FACTORS.items()]
        inputs["larger"] = gr.Dropdown(factors, value=1, label="Larger")
        inputs["reverse"] = gr.Checkbox(False, label="Backwards")
    return inputs


def _cut_inputs() -> dict[str, Any]:
    """An input for each wish about where it begins, ends, and what is written on it."""
    inputs: dict[str, Any] = {}
    with gr.Row():
        inputs["first"] = gr.Number(0, label="First frame", precision=0, minimum=0)
        inputs["last"] = gr.Number(-1, label="Last frame (-1: the last)", precision=0, minimum=-1)
    inputs["title"] = gr.Textbox("", label="Title", max_lines=1)
    return inputs


def help_words(error: StillmotionError | None = None) -> str:
    """What stands beside the button of the helpers, and why they could not begin."""
    return (cards.problem(str(error)) if error else "") + f'<p class="quiet">{HELP}</p>'


def helped(request: MotionRequest, smoother: int, larger: int) -> MotionRequest:
    """The request of a clip like that of `request` with helpers at work; raises `RequestError` where none is asked for
    or the clip would be too much."""
    if smoother == larger == 1:
        raise RequestError("Nothing is asked of a model yet.", "Choose x2 or x4 under Smoother or Larger first.")
    more = {"interpolation": request.interpolation * smoother, "upscaling": request.upscaling * larger}
    return parse_request(request.model_dump() | more)


def _download(job_id: str, path: Path) -> str:
    """The button for a file that was made, which is the folder's key away from its clip."""
    words = f"Download {path.name} · {path.stat().st_size / MEGABYTE:.1f} MB"
    return f'<a href="clips/{job_id}/made/{path.parent.name}" download>{words}</a>'


def _forgotten() -> Any:
    return gr.update(visible=False)
