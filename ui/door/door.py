"""The first thing that any request meets."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.door import hosts
from ui.door.answers import refused
from ui.door.bodies import TOO_LARGE, BodyTooLarge, Counted, declares_too_much
from ui.door.openings import Opening, opening_of
from ui.door.origins import is_foreign

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": "frame-ancestors 'self' https://huggingface.co https://*.hf.space",
}

NOT_FROM_OUTSIDE = ("x-forwarded-", "x-stillmotion-", "forwarded", "x-real-ip")
"""Beginnings of headers that nobody may send on: Gradio builds addresses from some, and we put the others in. What a
trusted proxy says in them has been taken by then (`ui.listening`)."""

NO_SUCH_ADDRESS = (
    "There is nothing at this address.",
    "The studio itself is at /, and /api tells what programs can ask.",
)

FOREIGN = ("This was asked by a page of another site.", "Open the studio itself.")

DEEP_LINK = "deep_link"
"""A parameter by which Gradio opens a stored state of a page, files included: ours stores none."""


class Door:
    """ASGI middleware. `names` are those by which the studio may be asked for, beside addresses in digits."""

    def __init__(self, app: ASGIApp, names: frozenset[str]) -> None:
        self.app, self._names = app, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = Headers(scope=scope)
        opening = opening_of(scope["path"])
        answer = self._refusal(scope, headers, opening)
        if answer is not None or opening is None:
            await (answer or _not_there(headers))(scope, receive, _with_headers(send))
            return
        await self._let_in({**scope, "headers": _kept(scope), "opening": opening}, receive, send)

    def _refusal(self, scope: Scope, headers: Headers, opening: Opening | None) -> Response | None:
        if not hosts.is_known(headers.get("host", ""), self._names):
            return refused(headers, 421, ("This studio does not go by this name.", hosts.CURE))
        if opening is None or DEEP_LINK in QueryParams(scope["query_string"]):
            return _not_there(headers)
        if scope["method"] not in opening.methods:
            return refused(headers, 405, ("This address does not take that.", "See /api."), {"Allow": _listed(opening)})
        if is_foreign(scope["method"], headers, opening.is_public):
            return refused(headers, 403, FOREIGN)
        return _too_large(headers, opening) if declares_too_much(headers, opening.most_bytes) else None

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        opening, headers = scope["opening"], Headers(scope=scope)
        counted, answered = Counted(receive, opening.most_bytes), False

        async def answer(message: Message) -> None:
            nonlocal answered
            if counted.is_too_large and not answered:
                # whatever was made of the broken body, it is not what has to be said
                raise BodyTooLarge
            answered = True
            await send(message)

        try:
            await self.app(scope, counted, _with_headers(answer))
        except BodyTooLarge:
            if not answered:
                await _too_large(headers, opening)(scope, receive, _with_headers(send))


def _kept(scope: Scope) -> list[tuple[bytes, bytes]]:
    prefixes = tuple(prefix.encode() for prefix in NOT_FROM_OUTSIDE)
    return [(name, value) for name, value in scope["headers"] if not name.startswith(prefixes)]


def _with_headers(send: Send) -> Send:
    """A `send` that puts in the headers which every answer has."""

    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return answer


def _not_there(headers: Headers) -> Response:
    return refused(headers, 404, NO_SUCH_ADDRESS)


def _too_large(headers: Headers, opening: Opening) -> Response:
    sentence, remedy = TOO_LARGE
    return refused(headers, 413, (sentence.format(opening.most_bytes / 1_000_000), remedy))


def _listed(opening: Opening) -> str:
    return ", ".join(sorted(opening.methods))
