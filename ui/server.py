"""The web server: Gradio's page and a few routes of our own in one FastAPI application, behind the door."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import gradio as gr
from fastapi import FastAPI
from fastapi.responses import FileResponse, Response
from starlette.middleware.cors import CORSMiddleware

from jobs.downloads import Downloads
from media.stills import MAX_FILE_BYTES
from ui.assistants import Assistants
from ui.backstage import Backstage
from ui.carry import carry_router
from ui.clip_routes import add_clips
from ui.door.door import Door
from ui.door.files import OwnFiles
from ui.door.hosts import known_names
from ui.door.visitors import Visitors
from ui.examples import example_path
from ui.health import add_health
from ui.lean_gradio import calm
from ui.owner import owner_router
from ui.page import build_page
from ui.routes import add_routes
from ui.scripts import script
from ui.share_routes import add_sharing
from ui.theme import STYLESHEET, studio_theme
from ui.upload_routes import upload_router

HERE = Path(__file__).parent

ASSETS = HERE.parent / "assets"

ICON, HERO = ASSETS / "icon.svg", ASSETS / "hero" / "hero.mp4"

SCRIPTS = ("address", "changes", "tabs", "sending", "taking", "keys", "hearing")
"""What runs in the browser before the page is there, in this order."""

DAY = {"Cache-Control": "max-age=86400"}


def build_server(backstage: Backstage, hosts: str = "") -> FastAPI:
    """The application; the queue starts and closes with it. `hosts` are further names of the studio."""
    waiting = backstage.waiting
    assistants = Assistants(backstage.queue, waiting)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        backstage.queue.start()
        async with assistants.running():
            yield
        backstage.queue.close()

    app = FastAPI(title="Stillmotion", docs_url=None, redoc_url=None, lifespan=life)
    add_health(app, backstage.queue, backstage.metrics)
    add_routes(app, backstage.queue, waiting)
    add_sharing(app, backstage, waiting)
    add_clips(app, backstage, waiting)
    app.include_router(upload_router(backstage.uploads, backstage.exports))
    app.include_router(owner_router(backstage.keys))
    app.include_router(carry_router(backstage.queue, backstage.library_keys, backstage.keys))
    assistants.add_to(app)
    _add_pictures(app)
    _shut(app, backstage, hosts)
    return _with_page(app, backstage)


def _shut(app: FastAPI, backstage: Backstage, hosts: str) -> None:
    """What is added last is met first."""
    # Gradio leaves CORS to whoever has it, and nobody is let in by ours
    app.add_middleware(CORSMiddleware, allow_origins=())
    app.add_middleware(OwnFiles, uploads=backstage.uploads)
    app.add_middleware(Visitors, keys=backstage.keys)
    app.add_middleware(Door, names=known_names(hosts))


def _with_page(app: FastAPI, backstage: Backstage) -> FastAPI:
    # Gradio looks there for its cache, so an upload is not copied once more
    os.environ["GRADIO_TEMP_DIR"] = str(backstage.uploads.root)
    page = build_page(backstage, Downloads())
    # Gradio's own check of paths sleeps until this is so: a second look behind `OwnFiles`
    page.has_launched = True
    gr.set_static_paths([backstage.exports.folder])
    calm(page)
    return gr.mount_gradio_app(
        app,
        page,
        path="/",
        theme=studio_theme(),
        css_paths=[STYLESHEET],
        js=script(HERE / "page.js"),
        head=_head(),
        footer_links=[],
        run_history=False,
        show_error=False,
        enable_monitoring=False,
        max_file_size=MAX_FILE_BYTES,
        ssr_mode=False,
        mcp_server=False,
    )


def _head() -> str:
    """The address has to be known before anything relative to it is asked for."""
    found = script(*(HERE / f"{name}.js" for name in SCRIPTS))
    return f'<script>{found}</script><link rel="icon" href="icon.svg" type="image/svg+xml">'


def _add_pictures(app: FastAPI) -> None:
    @app.get("/examples/{name}.jpg")
    def example(name: str) -> Response:
        path = example_path(name)
        return FileResponse(path, headers=DAY) if path else Response(status_code=404)

    @app.get("/hero.mp4")
    def hero_clip() -> Response:
        return FileResponse(HERO, headers=DAY)

    @app.get("/hero.jpg")
    def hero_poster() -> Response:
        return FileResponse(HERO.with_suffix(".jpg"), headers=DAY)

    @app.get("/icon.svg")
    def icon() -> Response:
        return FileResponse(ICON, headers=DAY)
