"""A tool for assistants: `animate`, over the Model Context Protocol at `/mcp` (streamable HTTP)."""

from __future__ import annotations

import base64
import binascii
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from jobs.queue import JobQueue
from media.export.formats import FORMATS
from pipelines.errors import InputError
from pipelines.models.asking import unheeded
from pipelines.models.catalogue import models
from pipelines.request import MotionRequest, control_schemas
from ui.address import root_from
from ui.door.openings import PICTURE_BYTES
from ui.door.visitors import HEADER
from ui.handing_in import Given, check_is_done, filled, hand_in
from ui.waiting import Waiting

PATH = "/mcp"

TOOL = "animate"

DESCRIPTION = (
    "Turns a picture into a short moving clip and tells the address of the file. Give an image; everything else has a"
    " default. The queue may be busy: it answers when the clip is finished."
)

IMAGE = {"type": "string", "description": "A PNG, JPEG, WebP, AVIF, HEIC or GIF picture as base64 or as a data URL."}

NAME = {"type": "string", "description": "What the picture is called: the clip is found again under it."}

FORMAT = {"type": "string", "enum": list(FORMATS), "default": "mp4"}

KEYWORDS = ("type", "description", "enum", "minimum", "maximum", "properties", "additionalProperties")
"""What of a control's schema a tool needs to know; its default is the model's."""


class Assistants:
    """The server of the tool."""

    def __init__(self, queue: JobQueue, waiting: Waiting) -> None:
        self._queue, self._waiting = queue, waiting
        server: Server[Any, Request] = Server("stillmotion")
        server.list_tools()(self.tools)
        server.call_tool()(self.call)
        self._server = server
        self._manager = StreamableHTTPSessionManager(server, stateless=True, max_request_body_size=PICTURE_BYTES)

    def add_to(self, app: FastAPI) -> None:
        """The address of the server; `running` has to be entered before it is asked."""
        app.router.routes.append(Route(PATH, _Served(self._manager)))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """For as long as the studio is up."""
        async with self._manager.run():
            yield

    async def tools(self) -> list[types.Tool]:
        """The one tool, described from the controls."""
        properties: dict[str, Any] = {"image": IMAGE, "name": NAME, "format": FORMAT}
        properties |= {name: _described(name) for name in MotionRequest.model_fields}
        schema = {"type": "object", "properties": properties, "required": ["image"]}
        return [types.Tool(name=TOOL, description=DESCRIPTION, inputSchema=schema)]

    async def call(self, name: str, arguments: dict[str, Any]) -> list[types.TextContent]:
        """The clip's address, size and seed; what goes wrong is raised, and told as the tool's error."""
        if name != TOOL:
            raise InputError(f"There is no tool called {name[:60]}.", f"There is {TOOL}.")
        asker = self._server.request_context.request
        assert asker is not None, "over HTTP there always is one"  # noqa: S101
        visitor, kind = asker.headers[HEADER], FORMATS.get(arguments.pop("format", "mp4"), FORMATS["mp4"])
        job_id = await run_in_threadpool(self._submitted, arguments, visitor)
        left_out = unheeded(filled(arguments))
        async with aclosing(self._waiting.attended(job_id, visitor)) as looks:
            async for job in looks:
                await self._tell(job.share)
        check_is_done(job)
        address = f"{root_from(str(asker.base_url))}/clips/{job_id}?format={kind.name}"
        told = {
            "clip": address,
            "told": left_out,
            "type": kind.media_type,
            "job": job_id,
            "seed": job.request.seed,
            **job.facts,
        }
        return [types.TextContent(type="text", text=json.dumps(told))]

    def _submitted(self, arguments: dict[str, Any], visitor: str) -> str:
        picture, name = _picture(arguments.pop("image", "")), str(arguments.pop("name", ""))
        with tempfile.NamedTemporaryFile(prefix="stillmotion-") as file:
            file.write(picture)
            file.flush()
            return hand_in(self._queue, Given(Path(file.name), name, filled(arguments)), visitor)

    async def _tell(self, share: float) -> None:
        """How far it is, for assistants that have asked to be told."""
        context = self._server.request_context
        token = context.meta.progressToken if context.meta else None
        if token is not None:
            asked = str(context.request_id)
            await context.session.send_progress_notification(token, share, 1.0, related_request_id=asked)


class _Served:
    """The manager as an application: a function would be called with a request."""

    def __init__(self, manager: StreamableHTTPSessionManager) -> None:
        self._manager = manager

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._manager.handle_request(scope, receive, send)


def _described(name: str) -> dict[str, Any]:
    schema = control_schemas()[name]
    told = {word: schema[word] for word in KEYWORDS if word in schema}
    return told | ({"enum": [spec.id for spec in models()]} if name == "model" else {})


def _picture(text: object) -> bytes:
    """A picture out of base64 or a data URL; addresses are not fetched. Raises `InputError`."""
    content = str(text).rpartition(",")[2] if str(text).startswith("data:") else str(text)
    try:
        picture = base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError("This is no picture in base64.", "Give the picture itself, not its address.") from error
    if not picture:
        raise InputError("There is no picture.", "Give one as `image`, in base64.")
    return picture
