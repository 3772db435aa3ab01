"""For whoever keeps the studio running: does it live, is it ready, and how is it doing?"""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response

from jobs.queue import JobQueue

NO_STORE = {"Cache-Control": "no-store"}

RETRY_S = "10"
"""Seconds after which it is worth asking a studio that is not ready again."""

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""The text format of Prometheus."""


def add_health(app: FastAPI, queue: JobQueue, metrics: Callable[[], bytes]) -> None:
    """`/healthz`: the server answers; `/readyz`: what is submitted now will be made; `/metrics`: figures."""

    @app.get("/healthz")
    def healthz() -> Response:
        return JSONResponse({"ok": True}, headers=NO_STORE)

    @app.get("/readyz")
    def readyz() -> Response:
        found = queue.health()
        said = {"ready": found.is_ready, "why": list(found.sentences)}
        if found.is_ready:
            return JSONResponse(said, 200, NO_STORE)
        return JSONResponse(said, 503, {**NO_STORE, "Retry-After": RETRY_S})

    @app.get("/metrics")
    def figures() -> Response:
        return Response(metrics(), media_type=METRICS_TYPE, headers=NO_STORE)
