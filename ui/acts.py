"""Buttons inside a drawn list of jobs: how they look, and how a press of one reaches the server."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

SCRIPT = Path(__file__).parent / "acts.js"

OPEN_JS = "(id) => { if (id) stillmotion.open(id); }"
"""The studio is loaded anew at the job's address."""


class Act(NamedTuple):
    """What a button does, as the server is told; what stands on it; and a title where that alone says too little."""

    name: str
    text: str
    title: str = ""


def buttons(job_id: str, acts: Iterable[Act], links: str = "") -> str:
    """The row of buttons of one job, as HTML, with `links` before them."""
    return f'<div class="clip-acts">{links}{"".join(_button(job_id, act) for act in acts)}</div>'


def _button(job_id: str, act: Act) -> str:
    title = f' title="{act.title}" aria-label="{act.title}"' if act.title else ""
    return f'<button type="button" data-act="{act.name}" data-job="{job_id}"{title}>{act.text}</button>'
