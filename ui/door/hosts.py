"""The names by which this studio may be asked for.

A page of another site can give its own name the address of this machine (DNS rebinding), and then speaks to the studio
as if it were its own page. What it cannot do is to ask for it by this machine's names or by an address in digits.
"""

from __future__ import annotations

import os
import socket
from ipaddress import ip_address
from urllib.parse import urlsplit

from ui.address import ADDRESS_VARIABLE

SPACE_VARIABLE = "SPACE_HOST"
"""The public name of a Hugging Face Space, set there."""

CURE = "Ask for it at 127.0.0.1, or let it know the name: STILLMOTION_HOSTS=that.name."


def known_names(listed: str) -> frozenset[str]:
    """The names in lower case: `listed`, parted by commas; those of the studio's own address; those of this machine."""
    names = {name.strip().lower() for name in listed.split(",")}
    names |= {"localhost", socket.gethostname().lower(), f"{socket.gethostname().lower()}.local"}
    names |= {name_in(urlsplit(os.environ.get(ADDRESS_VARIABLE, "")).netloc), os.environ.get(SPACE_VARIABLE, "")}
    return frozenset(names - {""})


def is_known(host: str, names: frozenset[str]) -> bool:
    """Whether a `Host` header names this studio. Digits are always right: nobody can rebind them."""
    name = name_in(host)
    return name in names or _is_digits(name)


def name_in(host: str) -> str:
    """A `Host` header without its port, in lower case; empty where it is none."""
    try:
        parts = urlsplit(f"//{host}")
    except ValueError:
        return ""
    return (parts.hostname or "") if parts.netloc == host and "@" not in host else ""


def _is_digits(name: str) -> bool:
    """Whether a name is an address of IPv4 or IPv6."""
    try:
        return bool(ip_address(name))
    except ValueError:
        return False
