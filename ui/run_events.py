"""What happens from Animate to the finished clip: the page follows its job, wherever it was opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from jobs.job import Job
from jobs.ledger import DELETED
from pipelines.errors import InputError, NotYours, StillmotionError, UnknownJob
from ui import cards
from ui.captured import captured_frame, seconds_in
from ui.controls import decode_controls
from ui.events import StudioEvents, stage_shown
from ui.quiet import QUIET, TELLING, visitor_of
from ui.save_panel import help_words, helped
from ui.stage import clip_value, pending_value, preview_value
from ui.still import frame_value
from ui.studio import FOLLOW_EVERY_S, WAIT_EVERY_S, Studio, take_turns

FOLLOW_JS = "(id) => stillmotion.follow(id)"

JOB_JS = "(...given) => [stillmotion.job(), ...given.slice(1)]"

FRAME_JS = "(id, seconds) => [id, document.querySelector('#stage video')?.currentTime ?? 0]"


class RunEvents:
    """Joins the buttons of a `Studio`, and its clock, to the queue."""

    def __init__(self, studio: Studio, events: StudioEvents) -> None:
        self.studio, self.events, self.queue = studio, events, studio.queue

    def connect(self, page: gr.Blocks) -> None:
        """Attach every event; call inside the Blocks context."""
        s = self.studio
        running = [s.job_id, s.clock, s.animate, s.stop, s.progress, s.after, s.seen]
        controls = self.events.components
        starts = [
            s.animate.click(self.start, [s.job_id, s.still_path, *controls], running, **QUIET),
            s.again.click(self.start_again, s.job_id, running, **QUIET),
            s.decode.click(self.decode_again, [s.job_id, *controls], running, **QUIET),
            s.saving.helped.click(
                self.help_along, [s.job_id, *s.saving.factors], [*running, *s.saving.factors, s.saving.help], **QUIET
            ),
        ]
        for start in starts:
            start.then(None, s.job_id, None, js=FOLLOW_JS, **QUIET)
        s.stop.click(self.cancel, s.job_id, None, **TELLING)
        followed = [s.stage, s.progress, s.result, s.after, s.decode, s.clock, s.animate, s.stop, s.seen]
        s.clock.tick(self.follow, [s.job_id, s.seen], followed, **QUIET)
        found = [s.job_id, s.still_path, s.stage, s.upload, s.clear, s.clock, s.animate, s.stop]
        page.load(self.resume, s.job_id, found, js=JOB_JS, **QUIET).then(None, s.job_id, None, js=FOLLOW_JS, **QUIET)
        taken = [s.still_path, s.stage, s.upload, s.clear, s.progress, s.after]
        captured = s.capture.click(
            self.capture, [s.job_id, s.seconds], [s.still_path, s.seconds], js=FRAME_JS, **TELLING
        )
        captured.success(self.events.take_still, [s.still_path, *controls], taken, **QUIET)

    def start(self, job_id: str, path: str, request: gr.Request, *values: Any) -> list[Any]:
        """Animate was pressed. After a restart of the server, the picture is that of the job that is shown."""
        try:
            visitor = visitor_of(request)
            still = Path(path) if path else self._still_of(job_id, visitor)
            return self._begun(self.queue.submit(still, self.events.request(values), visitor))
        except StillmotionError as error:
            return _not_started(error)

    def start_again(self, job_id: str, request: gr.Request) -> list[Any]:
        """The same once more, with a new seed."""
        try:
            wanted = self.queue.get(job_id).request.model_copy(update={"seed": -1})
            visitor = visitor_of(request)
            return self._begun(self.queue.submit(self._still_of(job_id, visitor), wanted, visitor))
        except StillmotionError as error:
            return _not_started(error)

    def decode_again(self, job_id: str, request: gr.Request, *values: Any) -> list[Any]:
        """The same motion, its frames made anew with the controls that count after sampling."""
        try:
            changes = decode_controls(self.events.request(values))
            wanted = self.queue.get(job_id).request.model_copy(update=changes)
            return self._begun(self.queue.decode_again(job_id, wanted, visitor_of(request)))
        except StillmotionError as error:
            return _not_started(error)

    def help_along(self, job_id: str, smoother: int, larger: int, request: gr.Request) -> list[Any]:
        """The shown clip anew, its frames `smoother` times as many and `larger` times as large by the helpers.

        What is kept of the sampling is used again. The new clip is so already, so the menus go back; what cannot be
        done is said beside the button.
        """
        try:
            job, visitor = self.queue.get(job_id), visitor_of(request)
            wanted = helped(job.request, int(smoother or 1), int(larger or 1))
            if job.has_sampling:
                new = self.queue.decode_again(job_id, wanted, visitor)
            else:
                new = self.queue.submit(self._still_of(job_id, visitor), wanted, visitor)
            return [*self._begun(new), 1, 1, help_words()]
        except StillmotionError as error:
            return [*[gr.skip()] * 9, help_words(error)]

    def cancel(self, job_id: str, request: gr.Request) -> None:
        """Stop was pressed; a job that is no longer known has nothing to stop.

        Why it cannot be stopped pops up: the next look at the job writes over what stands beside the progress.
        """
        try:
            self.queue.cancel(job_id, visitor_of(request))
        except UnknownJob:
            pass
        except StillmotionError as error:
            raise gr.Error(str(error), print_exception=False) from error

    def follow(self, job_id: str, seen: str, request: gr.Request) -> list[Any]:
        """A look at the running job: what changed since the last look is shown."""
        try:
            job = self.queue.get(job_id)
        except UnknownJob:
            return [gr.skip()] * 5 + [gr.Timer(active=False), *take_turns(False), ""]
        except StillmotionError as error:
            return [gr.skip(), cards.problem(str(error)), *[gr.skip()] * 6, ""]
        if job.to_json() == seen:
            return [gr.skip()] * 9
        is_done = job.state == "done"
        result = cards.result(job) if is_done else gr.skip()
        after, decode = gr.update(visible=is_done), gr.update(visible=job.has_ended and job.has_sampling)
        words = cards.progress(job)
        ends = [_clock(job), *take_turns(not job.has_ended), job.to_json()]
        return [self._stage_of(job, visitor_of(request)), words, result, after, decode, *ends]

    def resume(self, job_id: str, request: gr.Request) -> list[Any]:
        """The page was opened or reloaded: go on with the job of its address, or with this browser's last one.

        Somebody else's job is followed, and its still, of which the clip shows a part at most, stays theirs.
        """
        try:
            job = self.queue.get(job_id)
            still, stage = self._begun_from(job, visitor_of(request))
        except StillmotionError:
            return [gr.skip()] * 8
        return [job_id, still, stage, *stage_shown(), gr.Timer(active=True), *take_turns(not job.has_ended)]

    def _begun_from(self, job: Job, visitor: str) -> tuple[str, Any]:
        if job.is_deleted:
            raise UnknownJob(*DELETED)
        try:
            still = self._still_of(job.id, visitor)
        except NotYours:
            return "", gr.update(value=pending_value(_size_of(job)), visible=True)
        return str(still), gr.update(value=frame_value(str(still), job.request), visible=True)

    def capture(self, job_id: str, seconds: float, request: gr.Request) -> list[Any]:
        """The frame that is shown becomes the next still."""
        try:
            folder = self.studio.backstage.uploads.new_folder(visitor_of(request))
            return [str(captured_frame(self.queue, job_id, seconds_in(seconds), folder)), 0]
        except StillmotionError as error:
            raise gr.Error(str(error), print_exception=False) from error

    def _begun(self, job_id: str) -> list[Any]:
        words = cards.progress(self.queue.get(job_id))
        return [job_id, gr.Timer(FOLLOW_EVERY_S, active=True), *take_turns(True), words, gr.update(visible=False), ""]

    def _still_of(self, job_id: str, visitor: str) -> Path:
        if not job_id:
            raise InputError("There is no picture yet.", "Drop, paste or choose one, or click an example.")
        return self.queue.still(job_id, visitor)

    def _stage_of(self, job: Job, visitor: str) -> Any:
        size = _size_of(job)
        if job.state == "done":
            return gr.update(value=clip_value(f"jobs/{job.id}/clip.mp4", size), visible=True)
        if job.previews and not job.has_ended:
            return gr.update(value=preview_value(job.id, job.previews, size), visible=True)
        if job.state in {"failed", "cancelled"} and job.previews:
            return self._begun_from(job, visitor)[1]
        return gr.skip()


def _size_of(job: Job) -> tuple[int, int]:
    return job.request.clip_width, job.request.clip_height


def _clock(job: Job) -> gr.Timer:
    """Often while something moves, seldom while the job waits: a crowd that waits asks little."""
    return gr.Timer(WAIT_EVERY_S if job.state == "queued" else FOLLOW_EVERY_S, active=not job.has_ended)


def _not_started(error: StillmotionError) -> list[Any]:
    problem = cards.problem(str(error))
    return [gr.skip(), gr.skip(), *take_turns(False), problem, gr.skip(), gr.skip()]
