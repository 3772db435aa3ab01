"""The owner's address: whoever opens it is known as the one who runs the studio. The terminal shows it at the start."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from pipelines.errors import UnknownJob
from ui.door.answers import NO_STORE
from ui.door.visitors import Keys, owner_cookie

PATH = "/own"


def owner_router(keys: Keys) -> APIRouter:
    """`/own/KEY`."""
    router = APIRouter(include_in_schema=False)

    @router.get(f"{PATH}/{{key}}")
    def own(request: Request, key: str) -> Response:
        if not keys.is_owners(key):
            raise UnknownJob("This is not the owner's address.", "The terminal that runs the studio shows it.")
        return RedirectResponse("../", 303, {**NO_STORE, "Set-Cookie": owner_cookie(keys, request.url.scheme)})

    return router
