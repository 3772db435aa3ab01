"""The web server: Gradio's page and a few routes of our own in one FastAPI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import gradio as gr
from fastapi import FastAPI
from fastapi.responses import FileResponse, Response

from jobs.downloads import Downloads
from ui.backstage import Backstage
from ui.clip_routes import add_clips
from ui.examples import example_path
from ui.guard import Guard
from ui.health import add_health
from ui.lean_gradio import calm
from ui.page import build_page
from ui.routes import add_routes
from ui.share_routes import add_sharing
from ui.theme import STYLESHEET, studio_theme
from ui.visitors import Visitors

HERE = Path(__file__).parent

ICON = HERE.parent / "assets" / "icon.svg"

MAX_UPLOAD = "60mb"

DAY = {"Cache-Control": "max-age=86400"}


def build_server(backstage: Backstage) -> FastAPI:
    """The application; the queue starts and closes with it."""

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        backstage.queue.start()
        yield
        backstage.queue.close()

    app = FastAPI(title="Stillmotion", docs_url=None, redoc_url=None, lifespan=life)
    add_health(app, backstage.queue, backstage.metrics)
    add_routes(app, backstage.queue)
    add_sharing(app, backstage)
    add_clips(app, backstage)
    _add_pictures(app)
    app.add_middleware(Visitors, secret=backstage.secret)
    app.add_middleware(Guard)
    page = build_page(backstage, Downloads())
    calm(page)
    return gr.mount_gradio_app(
        app,
        page,
        path="/",
        theme=studio_theme(),
        css_paths=[STYLESHEET],
        js=(HERE / "page.js").read_text(encoding="utf-8"),
        head=_head(),
        footer_links=[],
        run_history=False,
        show_error=False,
        enable_monitoring=False,
        max_file_size=MAX_UPLOAD,
        ssr_mode=False,
        mcp_server=True,
        allowed_paths=[str(backstage.exports.folder)],
    )


def _head() -> str:
    """The address has to be known before anything relative to it is asked for."""
    script = (HERE / "address.js").read_text(encoding="utf-8")
    return f'<script>{script}</script><link rel="icon" href="icon.svg" type="image/svg+xml">'


def _add_pictures(app: FastAPI) -> None:
    @app.get("/examples/{name}.jpg")
    def example(name: str) -> Response:
        path = example_path(name)
        return FileResponse(path, headers=DAY) if path else Response(status_code=404)

    @app.get("/icon.svg")
    def icon() -> Response:
        return FileResponse(ICON, headers=DAY)
