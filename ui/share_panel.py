"""Below a finished clip: links that show it to others, and the share sheet of the device."""

from __future__ import annotations

import time
from collections.abc import Sequence
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

import gradio as gr

from jobs.names import file_name
from jobs.queue import JobQueue
from jobs.shares import LONGEST_TITLE, Share, Shares, Wish
from pipelines.errors import StillmotionError
from ui import cards
from ui.address import root_from
from ui.quiet import QUIET, visitor_of
from ui.scripts import script
from ui.share_page import Shown, embed_code

COPY, SCRIPT = (Path(__file__).parent / name for name in ("copy.js", "share.js"))

PERIODS = {"For ever": 0, "For a day": 1, "For a week": 7, "For a month": 30}

ONLY_HERE = (
    "This link opens on this computer only. To show it to others, put the studio online behind a reverse proxy: the"
    " README tells how."
)

LOCAL = ("localhost", "127.0.0.1", "::1", "0.0.0.0")  # noqa: S104  # compared with, not listened on


class SharePanel:
    """The components of the panel, and what they do."""

    def __init__(self, queue: JobQueue, shares: Shares) -> None:
        self.queue, self.shares = queue, shares

    def build(self) -> None:
        """Lay the components out; call inside a Blocks context."""
        with gr.Accordion("Share", open=False, elem_id="share-box") as self.box:
            self.title = gr.Textbox(
                "", label="Title of the link", max_lines=1, max_length=LONGEST_TITLE, elem_id="share-title"
            )
            with gr.Row():
                self.period = gr.Dropdown(
                    list(PERIODS), value="For ever", label="The link works", elem_id="share-period"
                )
                self.settings = gr.Checkbox(False, label="Show the settings", elem_id="share-settings")
            self.make = gr.Button("Make a link", size="sm", variant="primary", elem_id="make-link")
            self.links = gr.HTML("", js_on_load=script(COPY, SCRIPT), elem_id="links")

    def connect(self, job_id: gr.Textbox) -> None:
        """Join the components; call inside the Blocks context."""
        wish = [job_id, self.title, self.period, self.settings]
        self.make.click(self.share, wish, self.links, **QUIET)
        self.box.expand(self.show, job_id, self.links, **QUIET)
        job_id.change(self.show, job_id, self.links, **QUIET)
        self.links.revoke(self.revoke, job_id, self.links, **QUIET)

    def share(self, job_id: str, title: str, period: str, settings: bool, request: gr.Request) -> str:
        """Make a link was pressed."""
        try:
            self.shares.share(job_id, visitor_of(request), Wish(title.strip(), settings, PERIODS[period]))
        except StillmotionError as error:
            return cards.problem(str(error))
        return self.show(job_id, request)

    def revoke(self, job_id: str, event: gr.EventData, request: gr.Request) -> str:
        """A link is taken back."""
        try:
            self.shares.revoke(str(event.link), visitor_of(request))
        except StillmotionError as error:
            return cards.problem(str(error))
        return self.show(job_id, request)

    def show(self, job_id: str, request: gr.Request) -> str:
        """The good links to this clip."""
        if not job_id:
            return ""
        try:
            job = self.queue.get(job_id)
            root = root_from(str(request.request.base_url))
            found = self.shares.of_job(job_id, visitor_of(request))
            return _cards([Shown(share, job, root) for share in found])
        except StillmotionError as error:
            return cards.problem(str(error))


def _cards(links: Sequence[Shown]) -> str:
    note = f'<p class="note">{ONLY_HERE}</p>' if links and urlsplit(links[0].root).hostname in LOCAL else ""
    return note + "".join(map(_card, links))


def _card(shown: Shown) -> str:
    address, share = escape(shown.address), shown.share
    copies = (("Copy link", shown.address), ("Copy embed code", embed_code(shown)))
    buttons = "".join(f'<button type="button" data-copy="{escape(text)}">{name}</button>' for name, text in copies)
    return (
        f'<article class="link-card"><img src="c/{share.id}/qr.svg" alt="QR code of the link" loading="lazy"><div>'
        f'<p><a href="{address}" target="_blank" rel="noopener">{address}</a></p><p>{escape(_words(share))}</p>'
        f'<p class="clip-acts">{buttons}'
        f'<button type="button" data-sheet="{escape(shown.title)}" data-link="{address}"'
        f' data-file="{escape(file_name(shown.job, ".mp4"))}" hidden>Share…</button>'
        f'<button type="button" data-revoke="{share.id}">Take it back</button></p></div></article>'
    )


def _words(share: Share) -> str:
    until = "good for ever"
    if share.expires is not None:
        until = time.strftime("good until %d %b %Y, %H:%M", time.localtime(share.expires))
    return f"{share.title} · {until}" if share.title else until.capitalize()
