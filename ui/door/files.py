"""Files that the page's events name: only what the very visitor has uploaded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.door.answers import refused
from ui.door.uploads import Uploads
from ui.door.visitors import HEADER

NOT_JSON = ("This is no JSON that the studio can read.", "See /api.")

NOT_UPLOADED = ("This file was not uploaded here by you.", "Upload it again.")


class OwnFiles:
    """ASGI middleware, behind `Visitors`. Gradio takes any path for a file, so none but one's own gets as far."""

    def __init__(self, app: ASGIApp, uploads: Uploads) -> None:
        self.app, self._uploads = app, uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        opening = scope.get("opening")
        if opening is None or not opening.carries_files:
            await self.app(scope, receive, send)
            return
        headers, body = Headers(scope=scope), await _whole(receive)
        try:
            event = json.loads(body)
        except (ValueError, RecursionError):
            await refused(headers, 422, NOT_JSON)(scope, receive, send)
            return
        if all(self._uploads.own(headers[HEADER], path) for path in _paths(event)):
            await self.app(scope, _again(body, receive), send)
        else:
            await refused(headers, 403, NOT_UPLOADED)(scope, receive, send)


def _paths(event: Any) -> Iterator[str]:
    """Whatever Gradio could take for a file: the `path` of any object, however deep."""
    waiting = [event]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, dict):
            waiting.extend(value.values())
            if value.get("path") is not None:
                yield str(value["path"])


async def _whole(receive: Receive) -> bytes:
    body, is_more = b"", True
    while is_more:
        message = await receive()
        body += message.get("body", b"")
        is_more = message["type"] == "http.request" and message.get("more_body", False)
    return body


def _again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that hands out a body that has been read, and then what comes after it."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return waiting.pop() if waiting else await receive()

    return next_message
