"""Starts the worker's process, and reads what comes out of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

COMMAND = [sys.executable, "-P", "-m", "jobs.worker"]
"""-P: the folder that the server was started in may have a `jobs` of its own."""


def start_worker() -> subprocess.Popen[str]:
    """The process with pipes for its standard input and output; raises `OSError`."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.Popen(  # noqa: S603  # our own command
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        # the worker loads what is here; only the page asks the hub
        env=os.environ | {"PYTHONPATH": path, "HF_HUB_OFFLINE": "1"},
        # Ctrl-C in the terminal is for the server, which then ends the worker
        start_new_session=True,
    )


def event_in(line: str) -> dict[str, Any]:
    """An event; what a library printed before standard output was out of its reach is one without meaning."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        event = None
    return event if isinstance(event, dict) and "event" in event else {"event": "noise"}
