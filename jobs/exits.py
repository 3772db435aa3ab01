"""Why a worker ended, as its exit code."""

from __future__ import annotations

STOPPED = 0
"""Whoever started it is gone."""

SPENT = 75
"""It wants to be replaced at once: its memory or its GPU is not to be trusted any more (EX_TEMPFAIL of sysexits.h)."""

AWAY = 69
"""The database or the store does not answer: it is worth trying again until it does (EX_UNAVAILABLE)."""

ASLEEP = 80
"""It had nothing to do for its idle time: it is started again when a job waits. No code of sysexits.h."""

UNUSABLE = 78
"""A setting or the database cannot be used: trying again is of no use (EX_CONFIG)."""
