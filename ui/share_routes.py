"""Addresses of shared clips: the page, its files, its embed, its QR code; making links and taking them back."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import segno
from fastapi import APIRouter, Body, FastAPI, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response

from jobs.job import POSTER
from jobs.shares import Share, Shares, Wish
from media.export.order import Export
from pipelines.errors import UnknownJob
from ui import share_page
from ui.address import root_from
from ui.backstage import Backstage
from ui.routes import Visitor
from ui.share_page import Shown
from ui.waiting import Waiting

NOT_KEPT = {"Cache-Control": "no-store"}
"""A link may be taken back at any moment."""

ANYWHERE = {**NOT_KEPT, "Content-Security-Policy": "frame-ancestors *; default-src 'self' 'unsafe-inline'"}
"""The player alone may be shown within other sites."""

QR_SCALE = 6
"""Pixels of a module."""

Finder = Callable[[Request, str], Shown]
"""Finds what a link shows; raises `UnknownJob` and `LinkEnded`."""


def add_sharing(app: FastAPI, backstage: Backstage, waiting: Waiting) -> None:
    """`/c/ID` and what belongs to it; `/jobs/ID/links` for the clip's owner."""

    def shown(request: Request, share_id: str) -> Shown:
        share = backstage.shares.open(share_id)
        return Shown(share, backstage.queue.get(share.job), root_of(request))

    router = APIRouter()
    _add_pages(router, shown)
    _add_clip(router, waiting, shown)
    _add_pictures(router, backstage, shown)
    _add_oembed(router, shown)
    _add_ownership(router, backstage.shares)
    app.include_router(router)


def root_of(request: Request) -> str:
    """The address of the studio as it is reached from outside, without a slash at the end."""
    return root_from(str(request.base_url))


def _add_pages(router: APIRouter, shown: Finder) -> None:
    @router.get("/c/{share_id}", include_in_schema=False)
    def page(request: Request, share_id: str) -> Response:
        return HTMLResponse(share_page.page(shown(request, share_id)), headers=NOT_KEPT)

    @router.get("/c/{share_id}/player", include_in_schema=False)
    def player(request: Request, share_id: str) -> Response:
        return HTMLResponse(share_page.player(shown(request, share_id)), headers=ANYWHERE)


def _add_clip(router: APIRouter, waiting: Waiting, shown: Finder) -> None:
    @router.get("/c/{share_id}/clip.mp4", include_in_schema=False)
    async def clip(request: Request, share_id: str) -> Response:
        found = await run_in_threadpool(shown, request, share_id)
        # the settings are inside the file as well: whoever does not show them does not send them either
        wanted = Export(keep_recipe=found.share.shows_settings)
        return _file(await waiting.made(found.job.id, wanted, request), "video/mp4")


def _add_pictures(router: APIRouter, backstage: Backstage, shown: Finder) -> None:
    @router.get("/c/{share_id}/poster.jpg", include_in_schema=False)
    def poster(request: Request, share_id: str) -> Response:
        return _file(backstage.queue.file(shown(request, share_id).job.id, POSTER), "image/jpeg")

    @router.get("/c/{share_id}/qr.svg", include_in_schema=False)
    def code(request: Request, share_id: str) -> Response:
        drawn = io.BytesIO()
        segno.make(shown(request, share_id).address, error="m").save(drawn, "svg", scale=QR_SCALE, light="white")
        return Response(drawn.getvalue(), media_type="image/svg+xml", headers=NOT_KEPT)


def _add_oembed(router: APIRouter, shown: Finder) -> None:
    @router.get("/oembed", tags=["share"])
    def oembed(request: Request, url: str, maxwidth: Annotated[int, Query(ge=0)] = 0) -> Response:
        """How another site may show the clip of a shared link (oEmbed 1.0)."""
        parts = _path_in(url).rstrip("/").split("/")
        if len(parts) < 2 or parts[-2] != "c":
            raise UnknownJob("This is not the address of a shared clip.", "It looks like /c/…")
        return JSONResponse(share_page.oembed(shown(request, parts[-1]), maxwidth), headers=NOT_KEPT)


def _add_ownership(router: APIRouter, shares: Shares) -> None:
    @router.post("/jobs/{job_id}/links", status_code=201, tags=["share"])
    def share(request: Request, visitor: Visitor, job_id: str, wish: Annotated[Wish, Body()]) -> JSONResponse:
        """Make a link that shows this clip to whoever has it. Only the clip's owner can."""
        return JSONResponse(told(shares.share(job_id, visitor, wish), root_of(request)), 201)

    @router.get("/jobs/{job_id}/links", tags=["share"])
    def links(request: Request, visitor: Visitor, job_id: str) -> JSONResponse:
        """The good links that the asking visitor made to this clip."""
        return JSONResponse([told(share, root_of(request)) for share in shares.of_job(job_id, visitor)])

    @router.delete("/c/{share_id}", status_code=204, tags=["share"])
    def revoke(visitor: Visitor, share_id: str) -> Response:
        """Take a link back. Only whoever made it can."""
        shares.revoke(share_id, visitor)
        return Response(status_code=204)


def _path_in(address: str) -> str:
    try:
        return urlsplit(address).path
    except ValueError:
        return ""


def told(share: Share, root: str) -> dict[str, object]:
    """A link as its owner sees it."""
    return {
        "id": share.id,
        "address": f"{root}/c/{share.id}",
        "title": share.title,
        "shows_settings": share.shows_settings,
        "expires": share.expires,
    }


def _file(path: Path, media_type: str) -> Response:
    return FileResponse(path, media_type=media_type, headers=NOT_KEPT)
