"""Whether the page of another site is behind a request. Browsers say so; programs say nothing and are let through."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers

READING = frozenset({"GET", "HEAD"})

OWN = frozenset({"same-origin", "none"})
"""What a browser says in `Sec-Fetch-Site` of its own page, and of an address that a person has typed or clicked on."""


def is_foreign(method: str, headers: Headers, is_public: bool) -> bool:
    """Whether a browser says that another site asks, and asks for more than to show what is public or to lead here."""
    if method in READING:
        led_here = headers.get("sec-fetch-mode") == "navigate"
        return not (is_public or led_here) and not (_is_own_site(headers) and _is_own_origin(headers))
    return not (_is_own_site(headers) and _is_own_origin(headers))


def _is_own_site(headers: Headers) -> bool:
    return headers.get("sec-fetch-site", "none") in OWN


def _is_own_origin(headers: Headers) -> bool:
    """`null`, the origin of sandboxed frames and local files, is nobody's own."""
    origin = headers.get("origin")
    try:
        return origin is None or urlsplit(origin).netloc.lower() == headers.get("host", "").lower() != ""
    except ValueError:
        return False
