"""What the Save panel does: tell how large a file will be, make it while its progress is shown, stop making it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import gradio as gr
from fastapi.concurrency import run_in_threadpool

from jobs.names import file_name
from jobs.queue import JobQueue
from media.export.formats import FORMATS
from media.export.limit import bytes_within
from media.export.order import Export
from media.finish.plan import Finish, finished_size, parse_finish
from pipelines.errors import Cancelled, NotReady, NotYours, RequestError, StillmotionError, UnknownJob
from pipelines.request import MotionRequest, parse_request
from ui import cards, save_words
from ui.making import Progress, looks
from ui.quiet import visitor_of
from ui.stage import StagedClip, clip_value
from ui.waiting import Waiting

Updates = list[Any]
"""Of what is shown below the buttons, of the file, of what is read out, and of Stop."""

STOPPED = "Stopped. No file was made."

NOTHING: dict[str, Any] = {"visible": False}


class Latest:
    """What a page wished last, clip and all; one for each page, which all of its events share."""

    def __init__(self) -> None:
        self._values: tuple[Any, ...] = ()
        self.end: Updates = _ended("")

    def wish(self, job_id: str, values: tuple[Any, ...]) -> Callable[[], bool]:
        """Wish this; tells whether it is still what is wished."""
        mine = self._values = (job_id, *values)
        return lambda: self._values is mine

    def is_wish(self, job_id: str, values: tuple[Any, ...]) -> bool:
        """Whether these are the very values that were wished: news of them may be late."""
        return self._values == (job_id, *values)

    def forget(self, end: Updates | None = None) -> None:
        """Nothing is wished any more; `end` is what is shown then."""
        self._values, self.end = (), end or _ended("")


class Saving:
    """Answers the panel. `wishes` and `finish` are the names of its inputs, in their order."""

    def __init__(self, queue: JobQueue, waiting: Waiting, wishes: list[str], finish: list[str]) -> None:
        self.queue, self.waiting = queue, waiting
        self._wishes, self._finish = wishes, finish
        self.kept: list[str] = []

    async def make_file(
        self, latest: Latest, job_id: str, request: gr.Request, *values: Any
    ) -> AsyncGenerator[Updates, None]:
        """Make the file was pressed."""
        try:
            wanted = self._wanted(job_id, values)
            async for look in looks(self.waiting, job_id, wanted, latest.wish(job_id, values)):
                if isinstance(look, Progress):
                    yield _under_way(look)
                else:
                    await run_in_threadpool(self._entitle, job_id, visitor_of(request), wanted.finish.title)
                    yield _made(job_id, look, wanted)
        except Cancelled:
            yield latest.end
        except StillmotionError as error:
            yield _ended(cards.problem(str(error)))

    def _entitle(self, job_id: str, visitor: str, title: str) -> None:
        """One's own clip is found in the library by the title of its newest file, too."""
        with suppress(NotYours):
            if title:
                self.queue.entitle(job_id, visitor, title)

    async def preview(self, latest: Latest, job_id: str, *values: Any) -> AsyncGenerator[Updates, None]:
        """Show on the stage was pressed: the finished clip as an MP4."""
        try:
            finish = self._wanted(job_id, values).finish
            wanted = Export(finish=finish, keep_recipe=False)
            async for look in looks(self.waiting, job_id, wanted, latest.wish(job_id, values)):
                if isinstance(look, Progress):
                    yield [gr.skip(), *_under_way(look)]
            yield [self._on_stage(job_id, finish), *_ended("")]
        except Cancelled:
            yield [gr.skip(), *latest.end]
        except StillmotionError as error:
            yield [gr.skip(), *_ended(cards.problem(str(error)))]

    async def estimate(self, is_open: bool, job_id: str, *values: Any) -> str:
        """How large the file will be, or why it cannot be made."""
        if not (is_open and job_id):
            return ""
        try:
            wanted = self._wanted(job_id, values)
            return save_words.about(await self.waiting.estimated(job_id, wanted), wanted)
        except (NotReady, UnknownJob):
            return ""
        except StillmotionError as error:
            return f'<p class="warn">{escape(str(error))}</p>'

    def stop(self, latest: Latest) -> None:
        """Stop was pressed; whoever watches the file says so, after all that it has told before."""
        latest.forget(_ended(f'<p class="quiet">{STOPPED}</p>', STOPPED))

    def changed(self, latest: Latest, job_id: str, *values: Any) -> Updates:
        """Another clip is shown, or something else is wished: what was made, or is being made, is not that."""
        if latest.is_wish(job_id, values):
            return [gr.skip()] * len(_ended(""))
        latest.forget()
        return _ended("")

    def remembered(self, kept: str) -> list[Any]:
        """The wishes that this tab has kept, if they still make sense; the panel is open then."""
        values = _listed(kept)
        given = dict(zip(self.kept, values, strict=False))
        try:
            parse_finish({name: value for name, value in given.items() if name in self._finish})
            known = len(values) == len(self.kept) and given["kind"] in FORMATS
            bytes_within(given["limit"])
        except (StillmotionError, KeyError, TypeError, AttributeError):
            known = False
        if not known:
            return [gr.skip()] * (2 + len(self.kept))
        return [gr.update(open=True), True, *values]

    def _wanted(self, job_id: str, values: tuple[Any, ...]) -> Export:
        given = dict(zip([*self._wishes, *self._finish], values, strict=True))
        finish = {name: given[name] for name in self._finish if given[name] is not None}
        cut = finish.pop("last", 0)
        if cut > 0:
            finish["last"] = max(self.queue.get(job_id).request.clip_frames - 1 - cut, 0)
        kind, track = FORMATS[given["kind"]], Path(given["sound"]) if given["sound"] else None
        # a format that cannot be made to a size offers none
        most = bytes_within(given["limit"]) if kind.has_sizes else 0
        return Export(kind, parse_finish(finish), track, most, given["recipe"])

    def _on_stage(self, job_id: str, finish: Finish) -> Any:
        job = self.queue.get(job_id)
        file = f"clips/{job_id}?{urlencode({'finish': finish.model_dump_json()})}"
        size = finished_size(finish, job.request.clip_width, job.request.clip_height)
        return clip_value(StagedClip(f"{file}&recipe=false", "", file, file_name(job, ".mp4", finish)), size)


def helped(request: MotionRequest, smoother: int, larger: int) -> MotionRequest:
    """The request of a clip like that of `request` with helpers at work; raises `RequestError` where none is asked for
    or the clip would be too much."""
    if smoother == larger == 1:
        raise RequestError("Nothing is asked of a model yet.", "Choose more under Smoother or Larger first.")
    more = {"interpolation": request.interpolation * smoother, "upscaling": request.upscaling * larger}
    return parse_request(request.model_dump() | more)


def _listed(kept: str) -> list[Any]:
    try:
        values = json.loads(kept or "[]")
    except ValueError:
        return []
    return values if isinstance(values, list) else []


def _under_way(progress: Progress) -> Updates:
    return [progress.card, gr.update(**NOTHING), progress.news, gr.update(visible=True)]


def _made(job_id: str, file: Path, wanted: Export) -> Updates:
    link = save_words.download(job_id, file, wanted)
    return ["", gr.update(value=link, visible=True), "The file is made.", gr.update(**NOTHING)]


def _ended(words: str, news: str = "") -> Updates:
    return [words, gr.update(**NOTHING), news, gr.update(**NOTHING)]
