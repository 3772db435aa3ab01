"""One attempt at one job: from the claim to the finished clip, or to whatever stands in its way."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from jobs.checkpoints import read_checkpoint, write_checkpoint
from jobs.claims import Claim, Claims
from jobs.further import names_of
from jobs.job import CHECKPOINT, CLIP, POSTER, PREVIEW, STILL, share_done
from jobs.looks import Looks
from jobs.make_clip import Order, facts_in_json, make_clip
from jobs.pace import Pace, remaining
from jobs.scratch import Scratch
from jobs.store import Store, in_plain_words
from media.preview import poster, preview_webp
from media.whole_file import write_whole
from pipelines.contract import RGB, Checkpoint, StepEvent
from pipelines.errors import ClipError, StoreError, UnknownJob

log = structlog.get_logger("worker")

PREVIEW_FPS = 8.0
"""Frames per second of the moving preview."""

NOTE_EVERY_S = 0.1
"""Seconds between two notes of one stage in the table: brisk for the eye, and the disk has time for others."""

RETRY_S, PATIENCE_S = 2.0, 3600.0
"""Seconds between tries to fetch a still or store a finished clip where the store is away, and until the job is handed
back: a server that is set up anew takes minutes, a disk that somebody has to plug in again longer."""


@dataclass(frozen=True)
class Desk:
    """What an attempt works with."""

    claims: Claims
    store: Store
    scratch: Scratch
    pace: Pace
    checkpoint_every: int


class Attempt:
    """Makes the clip of a claimed job. `run` raises `StillmotionError`, `LeaseLost` among them, and the unexpected."""

    def __init__(self, desk: Desk, claim: Claim) -> None:
        self._desk, self.claim = desk, claim
        # of an earlier attempt whose worker died
        desk.scratch.clear_others(claim.id, claim.lease)
        self._scratch = desk.scratch.make(claim.id, claim.lease)
        self._expected = desk.pace.estimate(claim.request)
        self._loaded = self._noted = time.monotonic()
        self._stage = ""
        self._looks = Looks(self._keep_preview)
        self.has_sampling = False

    def run(self) -> None:
        """The job is done when this returns."""
        further = {name: self._brought(name) for name in names_of(self.claim.request)}
        order = Order(self._brought(STILL), self.claim.request, self._scratch / CLIP, self._checkpoint(), further)
        if order.resume is not None:
            log.info("going on from a checkpoint", step=order.resume.step)
            self._loaded = time.monotonic()
        with self._looks:
            facts = make_clip(order, self.on_step)
        took = time.monotonic() - self._loaded
        self._finish(facts_in_json(facts), order.clip.stat().st_size)
        if order.resume is None:
            self._desk.pace.learn(self.claim.request, took)

    def clear(self) -> None:
        """Unfinished files go."""
        self._desk.scratch.clear(self.claim.id, self.claim.lease)

    def on_step(self, event: StepEvent) -> None:
        """The `OnStep` of the run: stops it when the person has, reports, keeps previews and checkpoints."""
        with _while_away():
            self._desk.claims.check(self.claim)
        if event.stage == "load":
            self._loaded = time.monotonic()
        if event.preview is not None:
            self._looks.take(event.preview)
        if event.checkpoint is not None and self._is_due(event):
            self._keep_checkpoint(event.checkpoint(), is_last=event.step == event.total)
        self._report(event)

    def _brought(self, name: str) -> Path:
        """A file of the job on this machine's own disk, where it stays while the store is away."""

        def copy() -> None:
            source = self._desk.store.fetch(self.claim.id, name)
            with in_plain_words():
                shutil.copyfile(source, self._scratch / name)

        self._patiently(copy)
        return self._scratch / name

    def _checkpoint(self) -> Checkpoint | None:
        try:
            found = read_checkpoint(self._brought(CHECKPOINT), self.claim.request)
        except UnknownJob:
            return None
        self.has_sampling = self.has_sampling or (found is not None and self.claim.has_sampling)
        return found

    def _finish(self, facts: dict[str, Any], size: int) -> None:
        """The order that loses nothing: synced and probed already, then renamed, then written down."""
        write_whole(self._scratch / POSTER, poster(self._scratch / CLIP))
        for name in (POSTER, CLIP):
            self._patiently(partial(self._desk.store.put, self.claim.id, name, self._scratch / name))
        self._patiently(lambda: self._desk.claims.end(self.claim, state="done", facts=facts, bytes=size))

    def _patiently(self, work: Callable[[], None]) -> None:
        """Try until the store is back or the person stops the job: a finished clip is worth the wait."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return work()
            except StoreError:
                if time.monotonic() > deadline:
                    raise
                log.warning("store away, trying again", exc_info=True)
            time.sleep(RETRY_S)
            with _while_away():
                self._desk.claims.check(self.claim)

    def _is_due(self, event: StepEvent) -> bool:
        return event.step % self._desk.checkpoint_every == 0 or event.step == event.total

    def _keep_preview(self, frames: RGB) -> bool:
        return self._keep(PREVIEW, lambda path: write_whole(path, preview_webp(frames, PREVIEW_FPS)))

    def _keep_checkpoint(self, checkpoint: Checkpoint, is_last: bool) -> None:
        is_kept = self._keep(CHECKPOINT, lambda path: write_checkpoint(path, checkpoint, self.claim.request))
        if is_kept and is_last:
            self.has_sampling = True
            self._note(has_sampling=True)
        # what got further than the last attempt is no job that kills its worker at once
        if is_kept and self.claim.attempt > 1:
            self._note(attempts=1)

    def _keep(self, name: str, write: Callable[[Path], None]) -> bool:
        """Whether a file by the way was stored: a clip is worth more than its preview."""
        try:
            write(self._scratch / name)
            self._desk.store.put(self.claim.id, name, self._scratch / name)
        except (OSError, ClipError, StoreError):
            log.warning("not stored", name=name, exc_info=True)
            return False
        return True

    def _report(self, event: StepEvent) -> None:
        now = time.monotonic()
        is_news = event.stage != self._stage or event.step in (0, event.total) or bool(event.note)
        if not is_news and now - self._noted < NOTE_EVERY_S:
            return
        self._stage, self._noted = event.stage, now
        seen: dict[str, Any] = {"stage": event.stage, "step": event.step, "total": event.total}
        share = share_done(self.claim.request, event.stage, event.step, event.total)
        seen["remaining_s"] = remaining(self._expected, now - self._loaded, share)
        if event.note:
            seen["note"] = event.note
        self._note(**seen, previews=self._looks.kept)

    def _note(self, **values: Any) -> None:
        with _while_away():
            self._desk.claims.note(self.claim, **values)


@contextmanager
def _while_away() -> Iterator[None]:
    """The run goes on while the database is away: only its end has to be written down."""
    try:
        yield
    except StoreError:
        log.warning("database away", exc_info=True)
