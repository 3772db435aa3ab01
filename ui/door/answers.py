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
        return HTMLResponse(_page(sentence, remedy), status, headers)
    return JSONResponse({"error": sentence, "remedy": remedy}, status, headers)


def _page(sentence: str, remedy: str) -> str:
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        '<meta name="color-scheme" content="light dark"><title>Stillmotion</title>'
        '<body style="font: 17px/1.5 system-ui; max-width: 36em; margin: 18vh auto; padding: 0 1em">'
        f'<h1 style="font-size: 1.4em">{escape(sentence)}</h1><p>{escape(remedy)}</p>'
        '<p><a href="/">Open the studio</a></p></html>'
    )
