"""The last clips of whoever looks, beside the stage: each a click away from being on it."""

from __future__ import annotations

from html import escape
from pathlib import Path

import gradio as gr

from jobs.job import Job
from jobs.queue import JobQueue
from pipelines.errors import StillmotionError
from ui.quiet import QUIET, visitor_of
from ui.scripts import PLAYING, script

SCRIPT = Path(__file__).parent / "recent.js"

MOST = 6
"""Clips that are shown."""


def recent_clips() -> gr.HTML:
    """Where they are shown."""
    return gr.HTML("", js_on_load=script(PLAYING, SCRIPT), elem_id="recent")


def connect_recent(page: gr.Blocks, queue: JobQueue, recent: gr.HTML, result: gr.HTML) -> None:
    """They are there when the page opens, and with every clip that is done; call inside the Blocks context."""

    def show(request: gr.Request) -> str:
        try:
            return _strip(list(queue.list(visitor_of(request)))[:MOST])
        except StillmotionError:
            # whatever is wrong is said where something was asked for
            return ""

    gr.on([page.load, result.change], show, None, recent, **QUIET)


def _strip(clips: list[Job]) -> str:
    if not clips:
        return ""
    return f'<h2>Recent clips</h2><div class="recent-clips">{"".join(map(_thumbnail, clips))}</div>'


def _thumbnail(job: Job) -> str:
    return (
        f'<button type="button" class="clip-card" data-job="{job.id}" aria-label="Open {escape(job.name)}">'
        f'<span class="clip-frame" data-clip="jobs/{job.id}/clip.mp4">'
        f'<img src="jobs/{escape(job.id)}/poster.jpg" alt="" loading="lazy"></span></button>'
    )
