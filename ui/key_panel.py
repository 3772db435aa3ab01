"""At the end of the library: an address that opens it in another browser as well."""

from __future__ import annotations

from html import escape
from urllib.parse import urlsplit

import gradio as gr
import segno

from pipelines.errors import StillmotionError
from ui import cards
from ui.address import root_from
from ui.door.library_keys import GOOD_S, LibraryKeys
from ui.quiet import QUIET, visitor_of
from ui.scripts import script
from ui.share_panel import COPY, LOCAL

PATH = "/library"

MINUTES = GOOD_S // 60

WHAT_IT_GIVES = (
    "Whoever opens it has your library from then on: they see every clip, and can change and delete them, as you can."
    " Nobody can take that back. So give it to nobody else."
)

ONLY_HERE = "This address opens on this computer only, because the studio is not reached from elsewhere yet."


class KeyPanel:
    """The components, and what they do."""

    def __init__(self, keys: LibraryKeys) -> None:
        self.keys = keys

    def build(self) -> None:
        """Lay the components out; call inside a Blocks context."""
        self.make = gr.Button("Use this library in another browser", size="sm", elem_id="make-key")
        self.key = gr.HTML("", js_on_load=script(COPY), elem_id="library-key")

    def connect(self) -> None:
        """Join the components; call inside the Blocks context."""
        self.make.click(self.show, None, self.key, **QUIET)

    def show(self, request: gr.Request) -> str:
        """A new key, as an address."""
        try:
            key = self.keys.make(visitor_of(request))
        except StillmotionError as error:
            return cards.problem(str(error))
        return key_card(f"{root_from(str(request.request.base_url))}{PATH}/{key}")


def key_card(address: str) -> str:
    """The address, to be copied or read by a phone's camera, and what it gives away."""
    drawn = segno.make(address, error="l").svg_data_uri(scale=3, light="white")
    note = f'<p class="note">{ONLY_HERE}</p>' if urlsplit(address).hostname in LOCAL else ""
    return (
        f'<article class="link-card"><img src="{escape(drawn)}" alt="QR code of the address"><div role="status">'
        f"<p>Open this address in the other browser within {MINUTES} minutes; it works once.</p>"
        f"<p><strong>{WHAT_IT_GIVES}</strong></p>{note}<p><code>{escape(address)}</code></p>"
        f'<p class="clip-acts"><button type="button" data-copy="{escape(address)}">Copy the address</button></p>'
        "</div></article>"
    )
