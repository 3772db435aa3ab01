"""The stage: one place on the page where the still, the moving preview and the finished clip follow each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from ui.scripts import script

SCRIPT = Path(__file__).parent / "stage.js"

EMPTY: dict[str, Any] = {"mode": "empty"}
"""The value of a stage that shows nothing."""


@dataclass(frozen=True)
class StagedClip:
    """A clip to be shown: where it plays from, its first frame, and what Download and Send give in its place."""

    source: str
    poster: str
    file: str
    name: str


def new_stage() -> gr.HTML:
    """The stage. Its event `nudge` carries `x` and `y`, where the person has moved the crop to (0 to 1)."""
    return gr.HTML(
        EMPTY,
        html_template='<div class="stage" tabindex="0" role="group" aria-label="Picture"></div>',
        js_on_load=script(SCRIPT),
        elem_id="stage",
        visible="hidden",
    )


def preview_value(job_id: str, number: int, size: tuple[int, int]) -> dict[str, Any]:
    """The moving preview while a clip is being made."""
    return {"mode": "preview", "src": f"jobs/{job_id}/preview.webp?n={number}", "width": size[0], "height": size[1]}


def pending_value(size: tuple[int, int]) -> dict[str, Any]:
    """The place of a clip of which there is nothing to see yet."""
    return {"mode": "pending", "width": size[0], "height": size[1]}


def clip_value(clip: StagedClip, size: tuple[int, int]) -> dict[str, Any]:
    """A clip, finished further or not, playing in a loop."""
    told = {"src": clip.source, "poster": clip.poster, "file": clip.file, "name": clip.name}
    return {"mode": "clip", **told, "width": size[0], "height": size[1]}
