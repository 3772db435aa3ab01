"""Addresses of jobs and clips, for browsers and for programs."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, File, Form, Header, Query, Request, UploadFile
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse, Response
from pydantic import TypeAdapter

from jobs.job import CLIP, POSTER, PREVIEW, Job
from jobs.ledger import DELETED
from jobs.names import file_name
from jobs.queue import JobQueue
from pipelines.direction import MOST_STILLS
from pipelines.errors import (
    ClipError,
    LinkEnded,
    NotReady,
    NotYours,
    QueueFull,
    RequestError,
    StillmotionError,
    StoreError,
    UnknownJob,
)
from ui.door.answers import NO_STORE, refused, wants_page
from ui.door.visitors import HEADER
from ui.handing_in import Given, hand_in
from ui.waiting import Waiting

STATUSES: dict[type[StillmotionError], int] = {
    UnknownJob: 404,
    LinkEnded: 410,
    NotYours: 403,
    QueueFull: 503,
    StoreError: 503,
    NotReady: 503,
    ClipError: 507,
}
"""HTTP status of each error; the nearest parent counts, and any other error is 422: what was given cannot be used."""

NO_MEDIA = "Send the picture as the form field `still`, and the controls as JSON in the form field `request`."

NO_CONTROLS = ("The controls are not a JSON object.", NO_MEDIA)

LONGEST_WAIT_S = 600.0
"""Seconds that one question may wait for a job's end; whoever waits longer asks again."""

Visitor = Annotated[str, Header(alias=HEADER, include_in_schema=False)]


def add_routes(app: FastAPI, queue: JobQueue, waiting: Waiting) -> None:
    """The addresses of jobs, and one plain answer for every error."""

    @app.exception_handler(StillmotionError)
    async def refuse(request: Request, error: StillmotionError) -> Response:
        return refusal(request, error)

    router = APIRouter(prefix="/jobs", tags=["jobs"])
    _add_submission(app, queue)
    _add_reading(router, queue, waiting)
    _add_files(router, queue)
    _add_changes(router, queue)
    app.include_router(router)


def refusal(request: Request, error: StillmotionError) -> Response:
    """An error as a page for a browser, and as JSON for a program."""
    status = next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 422)
    more = {"Retry-After": str(error.retry_after_s)} if isinstance(error, QueueFull | NotReady) else None
    return refused(request.headers, status, (error.sentence, error.remedy), more)


def _add_submission(app: FastAPI, queue: JobQueue) -> None:
    @app.post("/animate", status_code=202, tags=["jobs"])
    def animate(
        visitor: Visitor,
        still: Annotated[UploadFile | None, File()] = None,
        request: Annotated[str, Form()] = "{}",
        further: Annotated[list[UploadFile] | None, File()] = None,
    ) -> JSONResponse:
        """Animate a picture: the form field `still` is the file, `request` the controls as JSON; `further`, which may
        come several times, are pictures on its way, the last one at its end. Tells the job."""
        if still is None:
            raise RequestError("There is no picture in this request.", NO_MEDIA)
        if len(further or ()) > MOST_STILLS:
            raise RequestError(f"A clip has at most {MOST_STILLS} further pictures.", "Send fewer.")
        with ExitStack() as files:
            path, *others = (files.enter_context(_on_disk(each)) for each in (still, *(further or ())))
            given = Given(path, still.filename or "", json_object(request, *NO_CONTROLS), others)
            job_id = hand_in(queue, given, visitor)
        return JSONResponse({"id": job_id, "address": f"jobs/{job_id}"}, 202, {"Location": f"jobs/{job_id}"})


def _add_reading(router: APIRouter, queue: JobQueue, waiting: Waiting) -> None:
    @router.get("")
    def finished(visitor: Visitor, search: str = "") -> Response:
        """The asking visitor's finished clips, newest first; each has every word of `search` in name or settings."""
        found = TypeAdapter(list[Job]).dump_json(list(queue.list(visitor, search)))
        return Response(found, media_type="application/json", headers=NO_STORE)

    @router.get("/{job_id}")
    async def job(
        request: Request, job_id: str, wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT_S)] = 0.0
    ) -> Response:
        """A job as it is now: state, stage, step, seconds left, and in the end the facts of the clip.

        With `wait`, the answer comes at the job's end, or after so many seconds.
        """
        found = await waiting.ended(job_id, wait)
        if found.is_deleted:
            raise UnknownJob(*DELETED)
        if wants_page(request.headers):
            return RedirectResponse(f"../?job={found.id}", 303, NO_STORE)
        return Response(found.to_json(), media_type="application/json", headers=NO_STORE)


def _add_files(router: APIRouter, queue: JobQueue) -> None:
    @router.get(f"/{{job_id}}/{CLIP}")
    def clip(job_id: str, download: bool = False) -> Response:
        """The clip as it was made."""
        found = queue.get(job_id)
        name = file_name(found, ".mp4") if download else None
        return _file(_clip_of(queue, found), "video/mp4", name)

    @router.get(f"/{{job_id}}/{POSTER}")
    def poster(job_id: str) -> Response:
        """The clip's first frame."""
        return _file(queue.file(job_id, POSTER), "image/jpeg")

    @router.get(f"/{{job_id}}/{PREVIEW}")
    def preview(job_id: str) -> Response:
        """A small moving preview while the clip is being made."""
        return _file(queue.file(job_id, PREVIEW), "image/webp")


def _add_changes(router: APIRouter, queue: JobQueue) -> None:
    @router.post("/{job_id}/cancel")
    def cancel(visitor: Visitor, job_id: str) -> Response:
        """Stop a job of one's own."""
        queue.cancel(job_id, visitor)
        return Response(queue.get(job_id).to_json(), media_type="application/json", headers=NO_STORE)

    @router.delete("/{job_id}")
    def delete(visitor: Visitor, job_id: str) -> Response:
        """Delete a clip of one's own; it can be brought back in the library for ten minutes."""
        queue.delete(job_id, visitor)
        return Response(status_code=204)


def _clip_of(queue: JobQueue, job: Job) -> Path:
    check_is_made(job)
    return queue.file(job.id, CLIP)


def check_is_made(job: Job) -> None:
    """Raises `UnknownJob` where there will be no clip, and `NotReady` where there is none yet."""
    if job.state == "cancelled":
        raise UnknownJob("This clip was stopped before it was made.", "Animate its picture again.")
    if job.state == "failed":
        raise UnknownJob("This clip could not be made.", job.sentence)
    if job.state != "done":
        raise NotReady("This clip is still being made.", job.remaining_s or 1.0)


def json_object(text: str, sentence: str, remedy: str) -> dict[str, Any]:
    """What a form field or a part of an address says; raises `RequestError` with these words for anything else."""
    try:
        return TypeAdapter(dict[str, Any]).validate_json(text)
    except ValueError as error:
        raise RequestError(sentence, remedy) from error


@contextmanager
def _on_disk(still: UploadFile) -> Iterator[Path]:
    """An upload as a file, for as long as it takes to hand it in."""
    with tempfile.NamedTemporaryFile(prefix="stillmotion-") as file:
        shutil.copyfileobj(still.file, file)
        file.flush()
        yield Path(file.name)


def _file(path: Path, media_type: str, name: str | None = None) -> Response:
    return FileResponse(path, media_type=media_type, filename=name, headers=NO_STORE)
