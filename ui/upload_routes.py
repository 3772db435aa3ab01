"""Uploads, and files that the page or Gradio's client fetches: in the place of Gradio's own addresses."""

from __future__ import annotations

import shutil
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response
from gradio.route_utils import upload_fn
from gradio.routes import file_upload_statuses
from python_multipart.exceptions import MultipartParseError
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException

from jobs.exports import Exports
from media.stills import MAX_FILE_BYTES
from pipelines.errors import InputError, UnknownJob
from ui.door.answers import NO_STORE
from ui.door.uploads import Uploads
from ui.routes import Visitor

NOT_A_FORM = ("This upload cannot be read.", "Send the file in a form, as the page does.")


def upload_router(uploads: Uploads, exports: Exports) -> APIRouter:
    """`/gradio_api/upload` and `/gradio_api/file=...`."""
    router = APIRouter(prefix="/gradio_api", include_in_schema=False)

    @router.post("/upload")
    async def upload(request: Request, visitor: Visitor, upload_id: str | None = None) -> list[str]:
        folder = uploads.new_folder(visitor)
        try:
            return await _received(request, folder, upload_id)
        except BaseException:
            # an upload that is broken off leaves nothing
            shutil.rmtree(folder, ignore_errors=True)
            raise

    @router.get("/file={path:path}")
    def fetch(visitor: Visitor, path: str) -> Response:
        found = uploads.own(visitor, path) or exports.made(Path(path))
        if found is None:
            raise UnknownJob("This file is not there.", "Upload it again, or make it again.")
        # never shown by the browser as a page of this studio, whatever it holds
        return FileResponse(found, filename=found.name, headers=NO_STORE)

    return router


async def _received(request: Request, folder: Path, upload_id: str | None) -> list[str]:
    try:
        progress = file_upload_statuses if upload_id else None
        paths, _, _ = await upload_fn(request, str(folder), MAX_FILE_BYTES, upload_id, upload_progress=progress)
    except (MultiPartException, MultipartParseError, HTTPException, TypeError) as error:
        raise InputError(*NOT_A_FORM) from error
    return [str(path) for path in paths]
