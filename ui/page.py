"""The whole page: a header, the Studio, the Models."""

from __future__ import annotations

import gradio as gr

from jobs.downloads import Downloads
from jobs.queue import JobQueue
from ui.events import StudioEvents
from ui.models_page import ModelsPage
from ui.studio import Studio

HEADER = """
<header class="masthead"><h1>Stillmotion</h1>
<button type="button" id="theme-toggle" aria-label="Switch between light and dark" title="Light or dark">◐</button>
</header>
"""


def build_page(queue: JobQueue, downloads: Downloads) -> gr.Blocks:
    """The page, not yet served."""
    with gr.Blocks(title="Stillmotion", analytics_enabled=False, fill_width=True) as page:
        gr.HTML(HEADER, elem_id="masthead")
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab("Studio", id="studio"):
                studio = Studio(queue)
                studio.build()
                events = StudioEvents(studio)
                events.connect()
            with gr.Tab("Models", id="models"):
                ModelsPage(downloads).build()
        events.connect_load(page)
    return page
