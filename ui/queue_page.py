"""The Queue tab: what is being made and what waits, in its order."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import gradio as gr

from jobs.job import Job
from jobs.queue import JobQueue, Turn
from pipelines.errors import StillmotionError
from ui import acts, cards
from ui.acts import Act
from ui.quiet import QUIET, visitor_of
from ui.scripts import script

LOOK_EVERY_S = 2.0

ACTS = (Act("open", "Open"), Act("stop", "Stop"))

NEXT = Act("next", "Make this next")
"""On one's own waiting clips but the first of them."""

EMPTY = '<p class="quiet">Nothing is being made. What you animate waits here for its turn.</p>'


class QueuePage:
    """The components of the Queue tab."""

    def __init__(self, queue: JobQueue) -> None:
        self.queue = queue

    def build(self) -> None:
        """Lay the components out; call inside a Blocks context."""
        self.problem = gr.HTML("", elem_id="queue-problem")
        self.turns = gr.HTML("", js_on_load=script(acts.SCRIPT), elem_id="turns")
        self.opened = gr.Textbox("", visible=False)
        self.clock = gr.Timer(LOOK_EVERY_S, active=False)

    def connect(self, tab: gr.Tab, others: Sequence[gr.Tab]) -> None:
        """Join the components; call inside the Blocks context. The clock runs while the tab is looked at."""
        tab.select(self.look, None, [self.turns, self.clock], **QUIET)
        gr.on([other.select for other in others], lambda: gr.Timer(active=False), None, self.clock, **QUIET)
        self.clock.tick(self.show, None, self.turns, **QUIET)
        acted = self.turns.act(self.act, None, [self.turns, self.problem, self.opened], **QUIET)
        acted.then(None, self.opened, None, js=acts.OPEN_JS, **QUIET)

    def show(self, request: gr.Request) -> str:
        """The queue as whoever asks may see it."""
        try:
            return queue_list(self.queue.turns(visitor_of(request)), self.queue.health().sentences)
        except StillmotionError as error:
            return cards.problem(str(error))

    def look(self, request: gr.Request) -> list[Any]:
        """The tab was chosen: the queue, and a clock that runs."""
        return [self.show(request), gr.Timer(active=True)]

    def act(self, event: gr.EventData, request: gr.Request) -> list[Any]:
        """A button of a job was pressed."""
        job, act = str(event.job), str(event.act)
        try:
            if act == "stop":
                self.queue.cancel(job, visitor_of(request))
            elif act == "next":
                self.queue.make_next(job, visitor_of(request))
            opened = self.queue.get(job).id if act == "open" else ""
        except StillmotionError as error:
            return [gr.skip(), cards.problem(str(error)), ""]
        return [self.show(request), "", opened]


def queue_list(turns: Sequence[Turn], troubles: Sequence[str]) -> str:
    """What stands in the way of work, and a list of what runs and waits; other people's clips are only counted in."""
    said = "".join(map(cards.problem, troubles))
    first = next((turn for turn in turns if turn.job is not None and not turn.is_running), None)
    items = "".join(_item(turn, can_be_next=not turn.is_running and turn is not first) for turn in turns)
    return said + (f'<ol class="queue-list">{items}</ol>' if turns else EMPTY)


def _item(turn: Turn, can_be_next: bool) -> str:
    if turn.job is None:
        return f'<li class="quiet">Somebody else\'s clip: {"being made" if turn.is_running else "waiting"}</li>'
    offered = (*ACTS, NEXT) if can_be_next else ACTS
    return f'<li class="clip-card">{_told(turn.job)}{acts.buttons(turn.job.id, offered)}</li>'


def _told(job: Job) -> str:
    request = job.request
    what = f"{request.model} · {cards.shape(request)} · motion {request.motion_bucket_id} · seed {request.seed}"
    name = f'<p class="clip-name">{escape(job.name)}</p>'
    words = f"<p><strong>{cards.progress_words(job)}</strong></p>"
    return f"{name}{words}<p>{escape(what)}</p>{cards.progress_bar(job)}"
