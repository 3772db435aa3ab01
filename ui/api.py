"""Animating from programs: an endpoint of Gradio that its clients, and assistants over MCP, can call."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from jobs.exports import Exports
from jobs.job import Job
from jobs.queue import JobQueue
from media.export.formats import FORMATS
from media.export.order import Export
from pipelines.catalogue import default_model, models, request_for
from pipelines.errors import InputError, StillmotionError
from pipelines.request import MotionRequest
from ui.controls import field_schema
from ui.quiet import visitor_of

ENDPOINT = "animate"

DESCRIPTION = (
    "Turns a picture into a short moving clip and returns the file. Give an image; everything else has a default."
    " The queue may be busy: it answers when the clip is finished."
)

AT_ONCE = 40
"""Calls that may wait for their clips at the same time; the queue behind them decides who is next."""


@dataclass(frozen=True)
class AnimateEndpoint:
    """`/animate` as Gradio's clients and MCP see it."""

    queue: JobQueue
    exports: Exports

    def build(self) -> None:
        """Add the endpoint; call inside a Blocks context."""
        names = list(MotionRequest.model_fields)
        with gr.Row(visible=False):
            image = gr.Image(type="filepath", image_mode=None, label="image")
            inputs = [_input(name) for name in names]
            kind = gr.Dropdown(list(FORMATS), value="mp4", label="format", info="What the clip is saved as.")
            clip = gr.File(label="clip")
            trigger = gr.Button("animate")
        trigger.click(
            _named(self.animate, names),
            [image, kind, *inputs],
            clip,
            api_name=ENDPOINT,
            api_description=DESCRIPTION,
            concurrency_limit=AT_ONCE,
            show_progress="hidden",
        )

    def animate(self, image: str | None, kind: str, *values: Any, request: gr.Request) -> str:
        """The path of the finished clip; raises `gr.Error` with a sentence."""
        try:
            if not image:
                raise InputError("There is no picture.", "Give a PNG, JPEG, WebP, AVIF, HEIC or GIF as `image`.")
            controls = zip(MotionRequest.model_fields, values, strict=True)
            wanted = request_for({name: value for name, value in controls if value not in (None, "")})
            job_id = self.queue.submit(Path(image), wanted, visitor_of(request))
            _raise_unless_done(list(self.queue.watch(job_id))[-1])
            return str(self.exports.make(job_id, Export(FORMATS[kind])))
        except StillmotionError as error:
            raise gr.Error(str(error), print_exception=False) from error


def _named(animate: Callable[..., str], names: list[str]) -> Callable[..., str]:
    """The method with a parameter of its own for each control: Gradio reads names and defaults off the signature."""

    def called(*values: Any) -> str:
        *given, request = values
        return animate(*given, request=request)

    kinds: dict[str, Any] = {"image": str, "format": str, **dict.fromkeys(names, Any)}
    defaults = {"image": inspect.Parameter.empty, "format": "mp4"}
    parameters = [
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=defaults.get(name), annotation=kind)
        for name, kind in kinds.items()
    ]
    asked = inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=gr.Request)
    called.__signature__ = inspect.Signature([*parameters, asked])  # type: ignore[attr-defined]
    called.__annotations__ = kinds | {"request": gr.Request, "return": str}
    called.__name__, called.__doc__ = ENDPOINT, DESCRIPTION
    return called


def _raise_unless_done(job: Job) -> None:
    if job.state != "done":
        raise InputError(job.sentence or "The clip was stopped before it was finished.")


def _input(name: str) -> Component:
    """An input of the endpoint, made from the control; left empty, the model's own default counts."""
    schema = field_schema(name)
    words = {"label": name, "info": f"{schema['description']} Empty: the model's default."}
    if name == "model":
        return gr.Dropdown([spec.id for spec in models()], value=default_model(), **words)
    # a menu of numbers would be told to programs as one of texts
    if "enum" in schema and schema["type"] == "string":
        return gr.Dropdown(schema["enum"], value=schema["default"], **words)
    if schema.get("type") in {"integer", "number"}:
        return gr.Number(None, precision=0 if schema["type"] == "integer" else None, **words)
    return gr.Textbox(str(schema["default"]), **words)
