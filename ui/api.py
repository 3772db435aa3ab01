"""Animating from programs: an endpoint of Gradio that its clients can call."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi.concurrency import run_in_threadpool
from gradio.components import Component

from jobs.queue import JobQueue
from media.export.formats import FORMATS
from media.export.order import Export
from pipelines.errors import InputError, StillmotionError
from pipelines.models.catalogue import default_model, models
from pipelines.request import MotionRequest, control_schemas
from ui.handing_in import Given, check_is_done, filled, hand_in
from ui.quiet import visitor_of
from ui.upload import StillUpload
from ui.waiting import LOOK_S, Waiting

ENDPOINT = "animate"

DESCRIPTION = (
    "Turns a picture into a short moving clip and returns the file. Give an image; everything else has a default."
    " The queue may be busy: it answers when the clip is finished."
)

Steps = AsyncGenerator[Any, None]
"""What a call tells on its way, the last of which is its answer."""

AT_ONCE = 40
"""Calls that may wait for their clips at the same time; the queue behind them decides who is next."""


@dataclass(frozen=True)
class AnimateEndpoint:
    """`/animate` as Gradio's clients see it."""

    queue: JobQueue
    waiting: Waiting

    def build(self) -> None:
        """Add the endpoint; call inside a Blocks context."""
        names = list(MotionRequest.model_fields)
        with gr.Row(visible=False):
            image = StillUpload(type="filepath", image_mode=None, label="image")
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

    async def animate(self, image: str | None, kind: str, *values: Any, request: gr.Request) -> Steps:
        """The path of the finished clip after nothing but looks at the job; raises `gr.Error` with a sentence."""
        try:
            visitor = visitor_of(request)
            job_id = await run_in_threadpool(self._submitted, image, values, visitor)
            async with aclosing(self.waiting.attended(job_id, visitor)) as looks:
                async for job in looks:
                    if not job.has_ended:
                        yield gr.skip()
            check_is_done(job)
            making = asyncio.create_task(self.waiting.made(job_id, Export(FORMATS[kind])))
            async for step in _steps_until(making):
                yield step
            yield str(making.result())
        except StillmotionError as error:
            raise gr.Error(str(error), print_exception=False) from error

    def _submitted(self, image: str | None, values: tuple[Any, ...], visitor: str) -> str:
        if not image:
            raise InputError("There is no picture.", "Give a PNG, JPEG, WebP, AVIF, HEIC or GIF as `image`.")
        controls = filled(dict(zip(MotionRequest.model_fields, values, strict=True)))
        return hand_in(self.queue, Given(Path(image), Path(image).name, controls), visitor)


def _named(animate: Callable[..., Steps], names: list[str]) -> Callable[..., Steps]:
    """The method with a parameter of its own for each control: Gradio reads names and defaults off the signature."""

    async def called(*values: Any) -> Steps:
        *asked, request = values
        async with aclosing(animate(*asked, request=request)) as steps:
            async for step in steps:
                yield step

    kinds: dict[str, Any] = {"image": str, "format": str, **dict.fromkeys(names, Any)}
    defaults = {"image": inspect.Parameter.empty, "format": "mp4"}
    parameters = [
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=defaults.get(name), annotation=kind)
        for name, kind in kinds.items()
    ]
    asked = inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=gr.Request)
    called.__signature__ = inspect.Signature([*parameters, asked])  # type: ignore[attr-defined]
    called.__annotations__ = kinds | {"request": gr.Request, "return": Any}
    called.__name__, called.__doc__ = ENDPOINT, DESCRIPTION
    return called


async def _steps_until(task: asyncio.Task[Any]) -> Steps:
    """A step now and then until a task is done; Gradio notices at each whether its caller is still there."""
    try:
        while not task.done():
            await asyncio.wait([task], timeout=LOOK_S)
            yield gr.skip()
    finally:
        task.cancel()


def _input(name: str) -> Component:
    """An input of the endpoint, made from the control; left empty, the model's own default counts."""
    schema = control_schemas()[name]
    words = {"label": name, "info": f"{schema['description']} Empty: the model's default."}
    if name == "model":
        return gr.Dropdown([spec.id for spec in models()], value=default_model(), **words)
    # a menu of numbers would be told to programs as one of texts
    if "enum" in schema and schema["type"] == "string":
        return gr.Dropdown(schema["enum"], value=schema["default"], **words)
    if schema.get("type") in {"integer", "number"}:
        return gr.Number(None, precision=0 if schema["type"] == "integer" else None, **words)
    return gr.Textbox(str(schema["default"]), **words)
