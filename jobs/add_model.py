"""A model is made known away from the web process: looking at an add-on takes torch."""

from __future__ import annotations

import subprocess
import sys

import structlog

from jobs.worker_launch import ROOT
from pipelines.errors import InputError, ModelError

log = structlog.get_logger("models")

COMMAND = (sys.executable, str(ROOT / "app.py"), "models", "add", "--")
"""After --, whatever a path begins with is no option."""

LIMIT_S = 60
"""Seconds for the command, which reads names and shapes; most of them go into starting torch."""

BAD_INPUT = 2
"""The exit code with which the command says in one sentence what is wrong."""


def add_model(path: str) -> str:
    """What `python app.py models add PATH` does and says; `path` may stand in quotes.

    Raises `InputError` where `path` is empty or no path at all, and `ModelError` with the command's own sentence where
    nothing was added.
    """
    named = path.strip().strip("\"'")
    if not named:
        raise InputError("There is no path.", "Give the folder or the .safetensors file that you have.")
    try:
        done = subprocess.run(  # noqa: S603  # our own command; the path is one argument of it
            [*COMMAND, named], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        cure = "Try it in a terminal: python app.py models add PATH."
        raise ModelError(f"Looking at it took longer than {LIMIT_S} s.", cure) from error
    except (OSError, ValueError) as error:  # too long, or with a NUL in it
        raise InputError("This is no path.", "Give the folder or the .safetensors file that you have.") from error
    if done.returncode == BAD_INPUT:
        raise ModelError(_last_line(done.stderr))
    if done.returncode != 0:
        log.error("model was not added", exit_code=done.returncode, said=done.stderr)
        raise ModelError("It could not be added.", "The log of the studio says why.")
    return _last_line(done.stdout)


def _last_line(said: str) -> str:
    """The sentence of the command; what libraries had to say stands before it."""
    return said.strip().rpartition("\n")[2]
