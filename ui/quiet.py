"""How the page's own events are attached."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ui.door.visitors import HEADER, OWNER_HEADER

QUIET: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
"""Of events that answer at once: they wait for nobody and show no spinner."""

TELLING: dict[str, Any] = QUIET | {"queue": True, "concurrency_limit": None}
"""The same for those whose `gr.Error` is to pop up: Gradio shows that of events in its queue alone."""


def visitor_of(request: gr.Request) -> str:
    """Who touched the page."""
    return str(request.headers[HEADER])


def is_owner(request: gr.Request) -> bool:
    """Whether that is whoever runs the studio: only they may fetch models and name the machine's files."""
    return OWNER_HEADER in request.headers
