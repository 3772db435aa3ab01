"""The address that opens a library in another browser: a page that asks, and the answer that does it."""

from __future__ import annotations

from html import escape
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from jobs.queue import JobQueue
from ui.door.answers import NO_STORE, plain_page
from ui.door.library_keys import LibraryKeys
from ui.door.visitors import Keys, has_cookie, visitor_cookie
from ui.key_panel import PATH
from ui.routes import Visitor

LIBRARY = "../?tab=library"

WHAT_HAPPENS = (
    "This browser will have the clips of the one in which the key was made: both can see, change and delete them all."
    " Go on only if the key is your own."
)

HAS_OWN = (
    "This browser has clips of its own. Bring them along, and whoever made the key has them as well; leave them behind,"
    " and nobody can reach them any more."
)


def carry_router(queue: JobQueue, library_keys: LibraryKeys, keys: Keys) -> APIRouter:
    """`/library/KEY`: to be looked at any number of times, and used once."""
    router = APIRouter(include_in_schema=False)

    @router.get(f"{PATH}/{{key}}")
    def ask(visitor: Visitor, key: str) -> Response:
        if library_keys.owner(key) == visitor:
            return RedirectResponse(LIBRARY, 303, NO_STORE)
        return HTMLResponse(_question(has_cookie(visitor) and queue.has_any(visitor)), headers=NO_STORE)

    @router.post(f"{PATH}/{{key}}")
    def use(request: Request, visitor: Visitor, key: str, along: Annotated[bool, Form()] = False) -> Response:
        owner = library_keys.use(key)
        if along and has_cookie(visitor):
            queue.hand_over(visitor, owner)
        cookie = visitor_cookie(keys, request.url.scheme, owner)
        return RedirectResponse(LIBRARY, 303, {**NO_STORE, "Set-Cookie": cookie})

    return router


def _question(has_own: bool) -> str:
    words = {"true": "Bring them along", "false": "Leave them behind"} if has_own else {"false": "Open the library"}
    buttons = "".join(f'<button name="along" value="{value}">{text}</button> ' for value, text in words.items())
    own = f"<p>{escape(HAS_OWN)}</p>" if has_own else ""
    return plain_page(
        "Open this library here?", f'<p>{escape(WHAT_HAPPENS)}</p>{own}<form method="post">{buttons}</form>'
    )
