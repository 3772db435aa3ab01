"""Who sits at the machine: only they may name its files."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

FORWARDED = ("forwarded", "x-real-ip", "via")
"""Headers of a proxy, beside those whose names begin with `FORWARDED_PREFIX`."""

FORWARDED_PREFIX = "x-forwarded-"


def is_at_the_machine(request: HTTPConnection) -> bool:
    """Whether a request comes straight from a browser or program on this machine that asked for this machine.

    A proxy, a tunnel or a public address means somebody else, and so does the page of another site, which a browser
    names in `Origin`. Takes a `gr.Request` as well.
    """
    host = request.headers.get("host", "")
    straight = not any(name in FORWARDED or name.startswith(FORWARDED_PREFIX) for name in request.headers)
    nearby = request.client is not None and _is_loopback(request.client.host)
    return straight and nearby and _is_loopback(_name_in(host)) and _is_own_page(request.headers.get("origin"), host)


def _is_own_page(origin: str | None, host: str) -> bool:
    """Programs name no origin; browsers do with every event of a page."""
    return origin is None or origin.partition("://")[2] == host


def _name_in(host: str) -> str:
    """A `Host` header without its port; empty where it is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_loopback(name: str) -> bool:
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
