"""The most that a file may weigh, as people and programs say it."""

from __future__ import annotations

import re

from pipelines.errors import InputError

KILOBYTE, MEGABYTE = 1_000, 1_000_000
"""Bytes, as the makers of chats count them."""

LEAST_LIMIT = 10 * KILOBYTE
"""Bytes; nothing that moves is smaller."""

LARGEST_LIMIT_MB = 10_000

_SAID = re.compile(r"\s*(\d{1,9}(?:[.,]\d{1,6})?)\s*(k|m|)b?\s*", re.IGNORECASE)


def bytes_within(said: str) -> int:
    """What "8MB", "8 MB", "0.5" (megabytes) and "500 kB" mean in bytes; 0, any size, for an empty text.

    Raises `InputError` for what is no size.
    """
    if not said.strip():
        return 0
    found = _SAID.fullmatch(said)
    if found is None:
        raise InputError(f"“{said[:40]}” is no size of a file.", "It looks like 8MB or 500kB.")
    unit = KILOBYTE if found[2] in {"k", "K"} else MEGABYTE
    return checked_limit(float(found[1].replace(",", ".")) * unit)


def checked_limit(most_bytes: float) -> int:
    """The limit in whole bytes; raises `InputError` for one below which nothing moves, and for one without sense."""
    if not LEAST_LIMIT <= most_bytes <= LARGEST_LIMIT_MB * MEGABYTE:
        raise InputError(
            f"A file cannot be held to {size_words(most_bytes)}.",
            f"Give {LEAST_LIMIT / MEGABYTE:g} to {LARGEST_LIMIT_MB} MB, or nothing for any size.",
        )
    return round(most_bytes)


def size_words(count: float) -> str:
    """Bytes as people say them: "12 MB", "3.4 MB", "0.25 MB", "40 kB"."""
    if count < 100 * KILOBYTE:
        return f"{max(count / KILOBYTE, 1):.0f} kB"
    megabytes = count / MEGABYTE
    digits = 0 if megabytes >= 10 else 1 if megabytes >= 1 else 2
    return f"{megabytes:.{digits}f}".removesuffix(".0") + " MB"
