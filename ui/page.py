"""The whole page: a header, and its tabs."""

from __future__ import annotations

import gradio as gr

from jobs.downloads import Downloads
from ui.api import AnimateEndpoint
from ui.backstage import Backstage
from ui.events import StudioEvents
from ui.library_page import LibraryPage
from ui.models_page import ModelsPage
from ui.queue_page import QueuePage
from ui.quiet import QUIET
from ui.recent import connect_recent
from ui.run_events import RunEvents
from ui.studio import Studio

HEADER = """
<header class="masthead"><h1>Stillmotion</h1>
<button type="button" id="theme-toggle" aria-label="Switch between light and dark" title="Light or dark">◐</button>
</header>
<p id="announced" role="status" class="unseen"></p>
"""


def build_page(backstage: Backstage, downloads: Downloads) -> gr.Blocks:
    """The page, not yet served."""
    queue = backstage.queue
    with gr.Blocks(title="Stillmotion", analytics_enabled=False, fill_width=True) as page:
        gr.HTML(HEADER, elem_id="masthead")
        with gr.Tabs(elem_id="tabs") as tabs:
            with gr.Tab("Studio", id="studio") as studio_tab:
                studio = Studio(backstage)
                studio.build()
                events = StudioEvents(studio)
                events.connect()
            with gr.Tab("Library", id="library") as library_tab:
                library = LibraryPage(backstage, events)
                library.build()
            with gr.Tab("Queue", id="queue") as queue_tab:
                waiting = QueuePage(queue)
                waiting.build()
            with gr.Tab("Models", id="models") as models_tab:
                known = ModelsPage(downloads)
                known.build()
        events.connect_load(page)
        studio.saving.connect(page, studio.job_id, studio.stage, studio.result)
        studio.sharing.connect(studio.job_id)
        RunEvents(studio, events).connect(page)
        connect_recent(page, queue, studio.recent, studio.result)
        library.connect(tabs, library_tab)
        known.connect(page, studio.model)
        waiting.connect(queue_tab, [studio_tab, library_tab, models_tab])
        page.load(None, None, None, js="() => stillmotion.showTab()", **QUIET)
        AnimateEndpoint(queue, backstage.waiting).build()
    return page
