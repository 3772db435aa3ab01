"""The addresses that the page and programs use. What is not listed is not there, whatever Gradio adds."""

from __future__ import annotations

import re
from dataclasses import dataclass

PICTURE_BYTES = 64_000_000
"""Most bytes of a body with a picture: above the largest still that is taken."""

EVENT_BYTES = 256_000
"""Most bytes of any other body: a page's event carries its controls, some kilobytes."""


@dataclass(frozen=True)
class Opening:
    """An address that may be asked for: a pattern of its path, its methods, and the most bytes of a body.

    `is_public`: another site's page may show it or lead to it. `carries_files`: its JSON may name uploaded files.
    """

    path: re.Pattern[str]
    methods: frozenset[str]
    most_bytes: int = EVENT_BYTES
    is_public: bool = False
    carries_files: bool = False


def _open(methods: str, path: str, **more: bool | int) -> Opening:
    """`{}` stands for one part of a path; a method GET brings HEAD along."""
    allowed = set(methods.split())
    pattern = re.escape(path).replace(r"\{\}", "[^/]+")
    return Opening(re.compile(pattern), frozenset(allowed | ({"HEAD"} if "GET" in allowed else set())), **more)  # type: ignore[arg-type]


OPENINGS: tuple[Opening, ...] = (
    # the page, and what it is drawn with
    _open("GET", "/"),
    _open("GET", "/icon.svg", is_public=True),
    _open("GET", "/examples/{}"),
    _open("GET", "/hero.mp4"),
    _open("GET", "/hero.jpg"),
    _open("GET", "/own/{}"),
    _open("GET POST", "/library/{}"),
    # Gradio's page, its events and its uploads
    _open("GET", "/config"),
    _open("GET", "/theme.css"),
    _open("GET", "/assets/{}"),
    _open("GET", "/static/js/{}"),
    _open("GET", "/gradio_api/app_id"),
    _open("GET", "/gradio_api/heartbeat/{}"),
    _open("POST", "/gradio_api/run/predict", carries_files=True),
    _open("POST", "/gradio_api/queue/join", carries_files=True),
    _open("GET", "/gradio_api/queue/data"),
    _open("POST", "/gradio_api/upload", most_bytes=PICTURE_BYTES),
    _open("GET", "/gradio_api/upload_progress"),
    Opening(re.compile(r"/gradio_api/file=.+"), frozenset({"GET", "HEAD"})),
    # Gradio's Python client asks what can be called
    _open("GET", "/gradio_api/info"),
    _open("POST", "/gradio_api/cancel"),
    # jobs, clips and models
    _open("POST", "/animate", most_bytes=PICTURE_BYTES),
    _open("GET", "/jobs"),
    _open("GET DELETE", "/jobs/{}"),
    _open("POST", "/jobs/{}/cancel"),
    _open("GET", "/jobs/{}/clip.mp4"),
    _open("GET", "/jobs/{}/poster.jpg"),
    _open("GET", "/jobs/{}/preview.webp"),
    _open("GET POST", "/jobs/{}/links"),
    _open("GET", "/clips/{}"),
    _open("GET", "/clips/{}/made/{}"),
    _open("GET", "/models"),
    _open("GET", "/api"),
    _open("GET", "/openapi.json"),
    # shared clips: other sites lead to them and show their player
    _open("GET DELETE", "/c/{}", is_public=True),
    _open("GET", "/c/{}/player", is_public=True),
    _open("GET", "/c/{}/clip.mp4", is_public=True),
    _open("GET", "/c/{}/poster.jpg", is_public=True),
    _open("GET", "/c/{}/qr.svg", is_public=True),
    _open("GET", "/oembed", is_public=True),
    # assistants
    _open("GET POST DELETE", "/mcp", most_bytes=PICTURE_BYTES),
    # whoever keeps the studio running
    _open("GET", "/healthz"),
    _open("GET", "/readyz"),
    _open("GET", "/metrics"),
)


def opening_of(path: str) -> Opening | None:
    """The opening of a path, or None where there is none."""
    return next((opening for opening in OPENINGS if opening.path.fullmatch(path)), None)
