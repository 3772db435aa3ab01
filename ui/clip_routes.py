"""REST for programs: `/animate`, `/clips/ID`, `/models`, and a page that describes them."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response

from jobs.names import file_name
from jobs.wishes import made_in
from media.export.formats import FORMATS, format_named
from media.export.limit import bytes_within
from media.export.order import Export
from media.finish.plan import parse_finish
from pipelines.models.catalogue import location, models
from pipelines.models.spec import ModelSpec
from pipelines.request import MotionRequest
from ui.backstage import Backstage
from ui.routes import check_is_made, json_object
from ui.share_routes import NOT_KEPT
from ui.waiting import Waiting

NO_FINISH = ("`finish` is no JSON object.", 'It looks like {"loop": "ping-pong"}.')


def add_clips(app: FastAPI, backstage: Backstage, waiting: Waiting) -> None:
    """The addresses of finished clips and of the models, and `/api`, which describes all of them."""
    router = APIRouter()
    _add_clip(router, backstage, waiting)
    _add_models(router)
    app.include_router(router)

    @app.get("/api", include_in_schema=False)
    def described(request: Request) -> Response:
        """What programs can ask for."""
        return HTMLResponse(api_page(app.openapi(), request.scope.get("root_path", "")))


def _add_clip(router: APIRouter, backstage: Backstage, waiting: Waiting) -> None:
    @router.get("/clips/{job_id}", tags=["clips"], response_class=FileResponse)
    async def clip(  # noqa: PLR0913, PLR0917  # the parameters of an address
        request: Request,
        job_id: str,
        format: Annotated[str, Query(json_schema_extra={"enum": list(FORMATS)})] = "mp4",  # the word that programs use
        finish: Annotated[str, Query(description="What is done to the clip, as JSON; see `Finish`.")] = "{}",
        within: Annotated[
            str, Query(description="The most that the file may weigh, such as 8MB or 500kB. Empty: any size.")
        ] = "",
        recipe: Annotated[bool, Query(description="Whether settings and Content Credentials go inside.")] = True,
    ) -> Response:
        """A finished clip in any format, perhaps finished further. The clip itself is never changed."""
        kind = format_named(format)
        wanted = Export(kind, parse_finish(json_object(finish, *NO_FINISH)), None, bytes_within(within), recipe)
        job = await run_in_threadpool(backstage.queue.get, job_id)
        check_is_made(job)
        path, name = await waiting.made(job_id, wanted, request), file_name(job, kind.suffix, wanted.finish)
        return FileResponse(path, media_type=kind.media_type, filename=name, headers=NOT_KEPT)

    @router.get("/clips/{job_id}/made/{key}", include_in_schema=False)
    def made(job_id: str, key: str) -> Response:
        """A file that the page has had made."""
        job = backstage.queue.get(job_id)
        path = backstage.exports.find(job_id, key)
        known = made_in(path.parent)
        name = file_name(job, path.suffix, known.finish) if known else file_name(job, path.suffix)
        return FileResponse(path, filename=name, headers=NOT_KEPT)


def _add_models(router: APIRouter) -> None:
    @router.get("/models", tags=["models"])
    def known() -> JSONResponse:
        """The models that this studio knows, whether their files are here, and what they obey."""
        return JSONResponse([_told(spec) for spec in models()])


def _told(spec: ModelSpec) -> dict[str, Any]:
    obeyed = [name for name in MotionRequest.model_fields if name not in spec.ignores]
    return {
        "id": spec.id,
        "name": spec.name,
        "family": spec.family,
        "licence": spec.licence,
        "here": location(spec) is not None,
        "max_frames": spec.max_frames,
        "controls": obeyed,
        "direction": sorted(spec.obeys),
        "defaults": dict(spec.defaults),
    }


def api_page(schema: dict[str, Any], root: str) -> str:
    """The OpenAPI description as a page that asks nobody else for anything."""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><title>Stillmotion for programs</title>'
        "<style>body{font:16px/1.5 system-ui;max-width:52em;margin:2em auto;padding:0 1em}"
        "code{font-size:.95em}h2{margin:1.6em 0 .2em;font-size:1.05em}table{border-collapse:collapse;font-size:.92em}"
        "td{padding:.15em .9em .15em 0;vertical-align:top}</style>"
        f'<main><h1>Stillmotion for programs</h1><p>As OpenAPI: <a href="{escape(root)}/openapi.json">openapi.json</a>.'
        " For Python, <code>gradio_client</code> calls <code>/animate</code>; assistants find the same over MCP at"
        f" <code>{escape(root)}/mcp</code>.</p>{''.join(_operations(schema))}</main></html>"
    )


def _operations(schema: dict[str, Any]) -> Iterator[str]:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield f"<h2><code>{method.upper()} {escape(path)}</code></h2>"
            yield f"<p>{escape(operation.get('description', operation.get('summary', '')))}</p>"
            rows = "".join(map(_parameter, operation.get("parameters", [])))
            yield f"<table>{rows}</table>" if rows else ""


def _parameter(parameter: dict[str, Any]) -> str:
    schema = parameter.get("schema", {})
    kind = " or ".join(map(str, schema.get("enum", [schema.get("type", "")])))
    words = parameter.get("description", "")
    return f"<tr><td><code>{escape(parameter['name'])}</code><td>{escape(kind)}<td>{escape(words)}</tr>"
