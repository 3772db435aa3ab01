"""The web server: Gradio's page and a few routes of our own in one FastAPI application."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI
from fastapi.responses import FileResponse, JSONResponse, Response

from jobs.downloads import Downloads
from jobs.queue import LocalQueue
from pipelines.errors import InputError
from ui.examples import example_path
from ui.guard import Guard
from ui.page import build_page
from ui.still import warm_up
from ui.theme import STYLESHEET, studio_theme

PAGE_SCRIPT = Path(__file__).parent / "page.js"

ICON = Path(__file__).parent.parent / "assets" / "icon.svg"

MAX_UPLOAD = "60mb"

NO_STORE = {"Cache-Control": "private, no-store"}
"""A job's preview changes under the same name, and a clip is nobody else's."""


def build_server(queue: LocalQueue) -> FastAPI:
    """The application; when it shuts down, so does the queue."""

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        threading.Thread(target=warm_up, daemon=True).start()
        yield
        queue.close()

    app = FastAPI(title="Stillmotion", docs_url=None, redoc_url=None, openapi_url=None, lifespan=life)
    _add_routes(app, queue)
    app.add_middleware(Guard)
    return gr.mount_gradio_app(
        app,
        build_page(queue, Downloads()),
        path="/",
        theme=studio_theme(),
        css_paths=[STYLESHEET],
        js=PAGE_SCRIPT.read_text(encoding="utf-8"),
        head='<link rel="icon" href="icon.svg" type="image/svg+xml">',
        footer_links=[],
        run_history=False,
        show_error=False,
        enable_monitoring=False,
        max_file_size=MAX_UPLOAD,
        ssr_mode=False,
    )


def _add_routes(app: FastAPI, queue: LocalQueue) -> None:
    @app.exception_handler(InputError)
    async def not_found(_: Any, error: InputError) -> JSONResponse:
        return JSONResponse({"error": error.sentence, "remedy": error.remedy}, status_code=404)

    @app.get("/jobs/{job_id}")
    def job(job_id: str) -> Response:
        return Response(queue.get(job_id).to_json(), media_type="application/json", headers=NO_STORE)

    @app.get("/jobs/{job_id}/clip.mp4")
    def clip(job_id: str, download: bool = False) -> Response:
        found = queue.get(job_id)
        name = f"stillmotion-{found.request.model}-{found.request.seed}.mp4" if download else None
        return _file(queue.folder(found.id).clip, "video/mp4", name)

    @app.get("/jobs/{job_id}/preview.webp")
    def preview(job_id: str) -> Response:
        return _file(queue.folder(queue.get(job_id).id).preview, "image/webp")

    @app.get("/examples/{name}.jpg")
    def example(name: str) -> Response:
        path = example_path(name)
        return FileResponse(path, headers={"Cache-Control": "max-age=86400"}) if path else Response(status_code=404)

    @app.get("/icon.svg")
    def icon() -> Response:
        return FileResponse(ICON, headers={"Cache-Control": "max-age=86400"})


def _file(path: Path, media_type: str, name: str | None = None) -> Response:
    if not path.is_file():
        raise InputError("This clip is not there.", "It is not finished, was stopped, or was deleted.")
    return FileResponse(path, media_type=media_type, filename=name, headers=NO_STORE)
