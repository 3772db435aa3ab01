"""Who asks: an anonymous visitor, known again by a signed cookie. It says nothing but that it is the same browser."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterator

from itsdangerous import BadSignature, Signer
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.door.answers import wants_page

HEADER = "x-stillmotion-visitor"
"""How the routes and the page's events learn who asks; what a stranger sends under this name is dropped by the door."""

OWNER_HEADER = "x-stillmotion-owner"
"""There, and "1", where the studio's owner asks."""

BY_ADDRESS = "address:"
"""The names of visitors without a cookie begin so; a cookie's never does."""

NAME_BYTES = 12

LONGEST_COOKIE = 8192
"""Bytes of all cookies of a request that are looked at: browsers send some hundred."""

YEAR_S = 365 * 24 * 3600
"""Seconds that a browser keeps the cookie from its last look at the page: the library is its owner's for as long."""


class Keys:
    """What is made from the studio's secret: the names and signatures of its cookies, and the key of its owner."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        # studios on other ports of this host share its cookies: each has names of its own
        self.studio = self._made("studio")[:8]
        self.owner = self._made("owner")[:32]
        self.visitors, self.owners = Signer(secret, salt="visitor"), Signer(secret, salt="owner")

    def cookie_name(self, kind: str, scheme: str) -> str:
        """The name of the cookie of a `kind`: under TLS no other host of the domain can set one of that name."""
        return f"{'__Host-' if scheme == 'https' else ''}stillmotion-{kind}-{self.studio}"

    def is_owners(self, key: str) -> bool:
        """Whether a stranger's `key` is that of the owner."""
        return hmac.compare_digest(key.encode(), self.owner.encode())

    def _made(self, purpose: str) -> str:
        return hmac.new(self._secret, purpose.encode(), hashlib.sha256).hexdigest()


def has_cookie(visitor: str) -> bool:
    """Whether a visitor is known by a cookie, and not only by an address, which others may have as well."""
    return not visitor.startswith(BY_ADDRESS)


class Visitors:
    """ASGI middleware. A browser that opens a page is given a cookie; a program without one counts as its address."""

    def __init__(self, app: ASGIApp, keys: Keys) -> None:
        self.app, self._keys = app, keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        known = self._signed(scope, "visitor", self._keys.visitors)
        named = known or f"{BY_ADDRESS}{(scope.get('client') or ('nowhere',))[0]}"
        told = [(HEADER.encode(), named.encode())]
        if self._signed(scope, "owner", self._keys.owners):
            told.append((OWNER_HEADER.encode(), b"1"))
        opens_page = wants_page(Headers(scope=scope))

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and opens_page:
                # known ones get it again, and with it another year; a key may just have made them somebody else
                cookie, headers = visitor_cookie(self._keys, scope["scheme"], known), MutableHeaders(scope=message)
                if not any(given.startswith(cookie.partition("=")[0]) for given in headers.getlist("set-cookie")):
                    headers.append("set-cookie", cookie)
            await send(message)

        # nobody behind the door needs a cookie, and Python's own parser takes seconds for one that is full of escapes
        kept = [(name, value) for name, value in scope["headers"] if name != b"cookie"]
        await self.app({**scope, "headers": [*kept, *told]}, receive, answer)

    def _signed(self, scope: Scope, kind: str, signer: Signer) -> str:
        """The name in a cookie that we have signed; empty for any other."""
        for value in _cookies(scope, self._keys.cookie_name(kind, scope["scheme"])):
            try:
                return signer.unsign(value).decode()
            except (BadSignature, UnicodeDecodeError):
                continue
        return ""


def visitor_cookie(keys: Keys, scheme: str, name: str = "") -> str:
    """The cookie of a visitor, a new one where `name` is empty."""
    return _cookie(keys, "visitor", scheme, keys.visitors.sign(name or secrets.token_hex(NAME_BYTES)).decode())


def owner_cookie(keys: Keys, scheme: str) -> str:
    """The cookie of the studio's owner."""
    return _cookie(keys, "owner", scheme, keys.owners.sign("owner").decode())


def _cookie(keys: Keys, kind: str, scheme: str, value: str) -> str:
    # a Space's page lies in a frame of another site, whence only such a cookie comes back
    is_framed = scheme == "https" and "SPACE_ID" in os.environ
    where = "SameSite=None; Secure; Partitioned" if is_framed else f"SameSite=Lax{'; Secure' * (scheme == 'https')}"
    return f"{keys.cookie_name(kind, scheme)}={value}; Max-Age={YEAR_S}; Path=/; HttpOnly; {where}"


def _cookies(scope: Scope, wanted: str) -> Iterator[str]:
    """The values of a cookie. Ours need no quoting, and what needs some is not ours; at most `LONGEST_COOKIE` bytes."""
    sent = b";".join(value for name, value in scope["headers"] if name == b"cookie")
    for pair in sent[:LONGEST_COOKIE].decode("latin-1").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == wanted:
            yield value
