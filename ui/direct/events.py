"""What happens when somebody says what should move: the worker is asked, and the panel hears its answers."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from jobs.taps import look_for_taps
from media.camera_motion import camera_of
from pipelines.errors import StillmotionError
from pipelines.request import parse_request
from ui.direct.outlined import outlined
from ui.direct.sketched import sketched, variation
from ui.quiet import QUIET, visitor_of

if TYPE_CHECKING:
    from ui.events import StudioEvents

ASKED_AT_ONCE = 4
"""Questions to the worker that wait at a time: each holds a thread, and none of them is worth a queue."""

ASKING = QUIET | {"concurrency_limit": ASKED_AT_ONCE}


class DirectEvents:
    """Joins the panel of a `Studio` to the worker."""

    def __init__(self, events: StudioEvents) -> None:
        self.studio, self.events, self.queue = events.studio, events, events.queue
        self._numbers = itertools.count()

    def connect(self) -> None:
        """Attach every event; call inside the Blocks context."""
        s, events = self.studio, self.events
        given = [s.picture, *events.components]
        s.direct.show(**events.frame_again)
        s.direct.said(trigger_mode="multiple", **events.changed)
        s.direct.aim(self.aim, s.picture, None, **ASKING)
        s.direct.tap(self.tap, s.picture, s.outlined, **ASKING)
        s.direct.sketch(self.sketch, given, s.sketched, trigger_mode="always_last", **ASKING)
        s.direct.vary(self.vary, given, s.varied, **ASKING)
        s.direct.pick(self.pick, None, [s.controls["seed"], s.controls["motion_bucket_id"], s.preset], **QUIET)
        s.direct.further(self.further, [s.picture, s.job_id], s.pictured, **ASKING)
        s.direct.like(self.like, None, s.followed, **ASKING)
        for name in ("outlined", "sketched", "varied", "pictured", "followed"):
            box = getattr(s, name)
            box.change(None, box, None, js=_heard(name), **QUIET)

    def aim(self, choice: str, asked: gr.Request) -> None:
        """Somebody is about to tap; what is in the way is told at the tap."""
        with suppress(StillmotionError):
            look_for_taps(self.queue, self._still(choice, asked))

    def tap(self, event: gr.EventData, choice: str, asked: gr.Request) -> str:
        """A thing on the picture was tapped."""
        return self._answered(lambda: outlined(self.queue, self._still(choice, asked), event.taps))

    def sketch(self, choice: str, asked: gr.Request, *values: Any) -> str:
        """Something else was said, or the picture is new."""
        return self._answered(lambda: sketched(self.queue, self._still(choice, asked), self.events.request(values)))

    def vary(self, event: gr.EventData, choice: str, asked: gr.Request, *values: Any) -> str:
        """A take of the sheet."""
        changes = {"seed": event.seed, "motion_bucket_id": event.amount}

        def drawn() -> Mapping[str, Any]:
            request = parse_request(self.events.request(values).model_dump() | changes)
            return variation(self.queue, self._still(choice, asked), request)

        return self._answered(drawn)

    def further(self, event: gr.EventData, choice: str, job_id: str, asked: gr.Request) -> str:
        """Another picture was chosen for the way of the clip, or one of it has to be shown."""
        visitor, further = visitor_of(asked), self.events.further
        path, of = (str(getattr(event, name, "")) for name in ("path", "of"))

        def pictured() -> Mapping[str, Any]:
            told = {"of": further.take(path, visitor) if path else of, "isNew": bool(path)}
            try:
                return told | {"thumb": further.thumb(str(told["of"]), visitor, (choice, job_id))}
            except StillmotionError as error:
                return told | {"problem": str(error)}

        return self._answered(pictured)

    def like(self, event: gr.EventData, asked: gr.Request) -> str:
        """The camera of another clip is to be followed."""
        path, visitor, pictures = str(getattr(event, "path", "")), visitor_of(asked), self.events.pictures
        return self._answered(lambda: {"keys": camera_of(pictures.upload(path, visitor))})

    def pick(self, event: gr.EventData) -> list[Any]:
        """One take of the sheet was chosen."""
        return [int(event.seed), int(event.amount), None]

    def _still(self, choice: str, asked: gr.Request) -> Path:
        return self.events.pictures.path(choice, visitor_of(asked))

    def _answered(self, ask: Callable[[], Mapping[str, Any]]) -> str:
        """The answer as JSON, or a `problem`; its number makes it another one each time, so that the page hears it."""
        try:
            told = ask()
        except StillmotionError as error:
            told = {"problem": str(error)}
        return json.dumps({"number": next(self._numbers), **told})


def _heard(name: str) -> str:
    """What hands an answer on to the panel's script."""
    return f"(text) => document.dispatchEvent(new CustomEvent('stillmotion:{name}', {{ detail: text }}))"
