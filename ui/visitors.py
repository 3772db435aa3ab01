"""Who asks: an anonymous visitor, known again by a signed cookie. It says nothing but that it is the same browser."""

from __future__ import annotations

import secrets
from http.cookies import CookieError, SimpleCookie

from itsdangerous import BadSignature, Signer
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "stillmotion-visitor"

HEADER = "x-stillmotion-visitor"
"""How the routes and the page's events learn who asks; what a stranger sends under this name is dropped."""

NAME_BYTES = 12

YEAR_S = 365 * 24 * 3600
"""Seconds that a browser keeps the cookie: the library is its owner's for as long."""


class Visitors:
    """ASGI middleware. A browser that opens a page is given a cookie; a program without one counts as its address."""

    def __init__(self, app: ASGIApp, secret: str) -> None:
        self.app = app
        self._signer = Signer(secret, salt="visitor")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        known = self._known(scope)
        headers = [(name, value) for name, value in scope["headers"] if name != HEADER.encode()]
        named = known or f"address:{(scope.get('client') or ('nowhere',))[0]}"
        scope = {**scope, "headers": [*headers, (HEADER.encode(), named.encode())]}

        is_new = not known and _opens_page(scope)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and is_new:
                MutableHeaders(scope=message).append("set-cookie", self._cookie(scope["scheme"]))
            await send(message)

        await self.app(scope, receive, answer)

    def _known(self, scope: Scope) -> str:
        """The name in a cookie that we have signed; empty for any other."""
        sent = b"; ".join(value for name, value in scope["headers"] if name == b"cookie")
        try:
            found = SimpleCookie(sent.decode("latin-1")).get(COOKIE)
            return "" if found is None else self._signer.unsign(found.value).decode()
        except (CookieError, BadSignature, UnicodeDecodeError):
            return ""

    def _cookie(self, scheme: str) -> str:
        name = self._signer.sign(secrets.token_hex(NAME_BYTES)).decode()
        # within the frame of another site, such as a Space's, only a secure cookie comes back
        where = "SameSite=None; Secure" if scheme == "https" else "SameSite=Lax"
        return f"{COOKIE}={name}; Max-Age={YEAR_S}; Path=/; HttpOnly; {where}"


def _opens_page(scope: Scope) -> bool:
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])
