"""What happens from Animate to the finished clip: the page follows its job, wherever it was opened."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import gradio as gr

from jobs.job import Job
from jobs.names import file_name
from pipelines.errors import ModelError, NotYours, StillmotionError, UnknownJob
from pipelines.request import MotionRequest
from ui import cards
from ui.captured import captured_frame, seconds_in
from ui.controls import decode_controls
from ui.draft import Draft
from ui.events import StudioEvents, stage_shown
from ui.pictures import OF_JOB
from ui.quiet import QUIET, TELLING, visitor_of
from ui.save_words import help_words
from ui.saving import helped
from ui.settings import longer
from ui.stage import StagedClip, clip_value, pending_value, preview_value
from ui.still import frame_value
from ui.studio import FOLLOW_EVERY_S, WAIT_EVERY_S, Studio, take_turns

FOLLOW_JS = "(id) => stillmotion.follow(id)"

KEPT_JS = "() => [stillmotion.job(), stillmotion.draft()]"

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
            s.animate.click(self.start, [s.job_id, s.picture, *controls], running, **QUIET),
            s.again.click(self.start_again, s.job_id, running, **QUIET),
            s.longer.click(self.start_longer, s.job_id, running, **QUIET),
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
        found = [s.job_id, s.picture, s.stage, *self._opened, s.clock, s.animate, s.stop]
        page.load(
            self.resume, [s.job_id, s.draft], [*found, *self.events.settings.components], js=KEPT_JS, **QUIET
        ).then(None, s.job_id, None, js=FOLLOW_JS, **QUIET)
        self._connect_capture()

    @property
    def _opened(self) -> list[Any]:
        """What changes when something comes on the stage, see `stage_shown`."""
        return [self.studio.upload, self.studio.hero, self.studio.shape, self.studio.clear]

    def _connect_capture(self) -> None:
        s = self.studio
        given = [s.frame, s.job_id, s.shape, s.size, *self.events.components]
        taken = [*self.events.taken, *self.events.settings.components]
        captured = s.capture.click(self.capture, [s.job_id, s.seconds], [s.frame, s.seconds], js=FRAME_JS, **TELLING)
        captured.success(self.take_frame, given, taken, **QUIET).then(**self.events.leave_job)

    def take_frame(
        self, path: str, job_id: str, shape: str | None, size: str, request: gr.Request, *values: Any
    ) -> list[Any]:
        """A captured frame comes on the stage."""
        return self.events.take(path, (job_id, shape, size), request, *values)

    def start(self, job_id: str, choice: str, request: gr.Request, *values: Any) -> list[Any]:
        """Animate was pressed."""
        try:
            pictures, visitor = self.events.pictures, visitor_of(request)
            chosen = choice or (OF_JOB + job_id if job_id else "")
            still, wanted = pictures.path(chosen, visitor), self.events.request(values)
            further = self.events.further.files(wanted, visitor, (chosen, job_id))
            return self._begun(self.queue.submit(still, wanted, visitor, pictures.name(chosen), further))
        except StillmotionError as error:
            return _not_started(error)

    def start_again(self, job_id: str, request: gr.Request) -> list[Any]:
        """The same once more, with a new seed."""
        try:
            wanted = self.queue.get(job_id).request.model_copy(update={"seed": -1})
            return self._begun(self.queue.again(job_id, wanted, visitor_of(request)))
        except StillmotionError as error:
            return _not_started(error)

    def start_longer(self, job_id: str, request: gr.Request) -> list[Any]:
        """The same motion going on, twice as long."""
        try:
            wanted = longer(self.queue.get(job_id).request)
            return self._begun(self.queue.again(job_id, wanted, visitor_of(request)))
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
                new = self.queue.again(job_id, wanted, visitor)
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

    def resume(self, job_id: str, kept: str, asked: gr.Request) -> list[Any]:
        """The page was opened or reloaded: go on with what this tab has chosen, or with the job of its address.

        Somebody else's job is followed, and its still, of which the clip shows a part at most, stays theirs.
        """
        visitor, draft, settings = visitor_of(asked), Draft.of_text(kept), self.events.settings
        nothing = [gr.skip()] * (6 + len(self._opened) + len(settings.components))
        try:
            job = self._job(job_id)
            begun = job or (draft if draft and draft.picture else None)
            if begun is None:
                return nothing
            picture = draft.picture if draft else self._picture_of(job, visitor)
            stage = self._beginning_of(begun.request, picture, visitor)
        except StillmotionError:
            return nothing
        is_running = job is not None and not job.has_ended
        opened = [gr.Timer(active=job is not None), *take_turns(is_running)]
        # with the clip's own seed, Animate would make the very same clip again
        wanted = draft.request if draft else begun.request.model_copy(update={"seed": -1})
        shown = self._settings(wanted, picture, visitor)
        return [job.id if job else "", picture, stage, *stage_shown(), *opened, *shown]

    def _job(self, job_id: str) -> Job | None:
        """The job of an address, None where there is none any more."""
        with suppress(UnknownJob):
            job = self.queue.get(job_id) if job_id else None
            return None if job is None or job.is_deleted else job
        return None

    def _picture_of(self, job: Job | None, visitor: str) -> str:
        """The choice of a job's picture; none where it is somebody else's."""
        if job is None:
            return ""
        try:
            self.queue.still(job.id, visitor)
        except NotYours:
            return ""
        return OF_JOB + job.id

    def _beginning_of(self, request: MotionRequest, picture: str, visitor: str) -> Any:
        """The stage before the first look at the job, or of a picture that is no job's yet."""
        if not picture:
            return gr.update(value=pending_value(_size_of(request)), visible=True)
        return gr.update(value=frame_value(str(self.events.pictures.path(picture, visitor)), request), visible=True)

    def _settings(self, request: MotionRequest, picture: str, visitor: str) -> list[Any]:
        """The request on the controls; as they are where its model is gone."""
        try:
            return self.events.settings.shown(request, self.events.shape_of(picture, visitor))
        except ModelError:
            return self.events.settings.untouched()

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

    def _stage_of(self, job: Job, visitor: str) -> Any:
        size = _size_of(job.request)
        if job.state == "done":
            return gr.update(value=clip_value(_as_made(job), size), visible=True)
        if job.previews and not job.has_ended:
            return gr.update(value=preview_value(job.id, job.previews, size), visible=True)
        if job.state in {"failed", "cancelled"} and job.previews:
            return self._beginning_of(job.request, self._picture_of(job, visitor), visitor)
        return gr.skip()


def _as_made(job: Job) -> StagedClip:
    folder = f"jobs/{job.id}"
    return StagedClip(f"{folder}/clip.mp4", f"{folder}/poster.jpg", f"clips/{job.id}", file_name(job, ".mp4"))


def _size_of(request: MotionRequest) -> tuple[int, int]:
    return request.clip_width, request.clip_height


def _clock(job: Job) -> gr.Timer:
    """Often while something moves, seldom while the job waits: a crowd that waits asks little."""
    return gr.Timer(WAIT_EVERY_S if job.state == "queued" else FOLLOW_EVERY_S, active=not job.has_ended)


def _not_started(error: StillmotionError) -> list[Any]:
    problem = cards.problem(str(error))
    return [gr.skip(), gr.skip(), *take_turns(False), problem, gr.skip(), gr.skip()]
