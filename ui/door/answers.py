"""Refusals, as a page for a person's browser and as JSON for a program."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from starlette.responses import HTMLResponse, JSONResponse, Response

NO_STORE = {"Cache-Control": "private, no-store"}
"""A job's preview changes under the same name, and a clip is nobody else's."""


def wants_page(headers: Mapping[str, str]) -> bool:
    """Whether a person's browser asks, rather than a program or the page itself."""
    return "text/html" in headers.get("accept", "")


def refused(
    asked: Mapping[str, str], status: int, words: tuple[str, str], more: Mapping[str, str] | None = None
) -> Response:
    """The answer to a request with the headers `asked`; `words` are a sentence and its remedy, `more` are headers."""
    headers = {**NO_STORE, **(more or {})}
    sentence, remedy = words
    if wants_page(asked):
        return HTMLResponse(plain_page(sentence, f"<p>{escape(remedy)}</p>"), status, headers)
    return JSONResponse({"error": sentence, "remedy": remedy}, status, headers)


def plain_page(heading: str, body: str) -> str:
    """A page beside the studio: its heading as text, and the rest as HTML."""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        '<meta name="color-scheme" content="light dark"><title>Stillmotion</title>'
        "<style>body{font:17px/1.5 system-ui;max-width:36em;margin:18vh auto;padding:0 1em}h1{font-size:1.4em}"
        "button{font:inherit;padding:.6em 1em;min-height:44px;margin:0 .5em .5em 0}</style>"
        f'<main><h1>{escape(heading)}</h1>{body}<p><a href="/">Open the studio</a></p></main></html>'
    )
