"""Where the studio is reached from outside."""

from __future__ import annotations

import os

ADDRESS_VARIABLE = "STILLMOTION_ADDRESS"
"""Where the studio can be reached from outside, such as https://clips.example.org, when a proxy stands before it."""


def root_from(base: str) -> str:
    """The studio's address without a slash at the end, from that at which a request came in."""
    return os.environ.get(ADDRESS_VARIABLE, base).rstrip("/")
