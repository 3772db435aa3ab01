"""Example stills to click."""

from __future__ import annotations

from html import escape
from pathlib import Path

import gradio as gr

STILLS = Path(__file__).parent.parent / "assets" / "stills"

SCRIPT = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-name]');
  if (button && !stillmotion.isBusy()) trigger('choose', { name: button.dataset.name });
});
"""


SHOWN = (
    *("colosseum", "lake", "street-sunset", "heron", "city"),
    *("otters", "tea-gardens", "desert", "flowers", "osprey"),
)
"""Pictures whose default clips one would send to a friend; the others are there to be measured on."""


def example_path(name: str) -> Path | None:
    """The file of an example, or None where there is none of this name."""
    return STILLS / f"{name}.jpg" if name in SHOWN else None


def example_strip() -> gr.HTML:
    """A strip of thumbnails; its event `choose` carries `name`."""
    buttons = "".join(map(_thumbnail, SHOWN))
    return gr.HTML(
        f'<div class="strip" role="group" aria-label="Example pictures">{buttons}</div>',
        js_on_load=SCRIPT,
        elem_id="examples",
    )


def _thumbnail(name: str) -> str:
    label = escape(name.replace("-", " "))
    return (
        f'<button type="button" data-name="{escape(name)}" title="{label}" aria-label="Example: {label}">'
        f'<img src="examples/{escape(name)}.jpg" alt="" loading="lazy"></button>'
    )
