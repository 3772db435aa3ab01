"""People and programs that wait, and those who go away before the end."""

from __future__ import annotations

import asyncio
import base64
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from tests.conftest import Server
from tests.jobs.watching import holds_within, in_threads
from tests.ui.over_http import CONTROLS, STILL, begun, visitor_of
from tests.ui.studio import fake_studio

CROWD = 45
"""More than all threads that a server has for its addresses."""

ENDLESS = CONTROLS | {"num_inference_steps": 50}
"""At a minute a step, nothing ends before the test does."""


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A studio whose clips take for ever."""
    with fake_studio(tmp_path_factory.mktemp("leaving"), step_s=60) as server:
        yield server


def state(server: Server, job: str) -> str:
    return str(httpx.get(f"{server.url}/jobs/{job}").json()["state"])


def only_job(server: Server) -> str:
    """The id of the one job there is, from the store: an address would have to be known."""
    found = [path.name for path in (server.data / "jobs").iterdir() if len(path.name) == 32]
    return found[0] if found else ""


def test_however_many_wait_everybody_else_is_answered(server: Server) -> None:
    with visitor_of(server) as client:
        job = begun(client, **ENDLESS)
        # ready once there is a worker; importing torch takes one long on a busy machine
        assert holds_within(90, lambda: client.get("/readyz").status_code == 200)
    with ThreadPoolExecutor(CROWD) as crowd:
        waiting = [crowd.submit(httpx.get, f"{server.url}/jobs/{job}?wait=600", timeout=600) for _ in range(CROWD)]
        try:
            for path in ("/healthz", "/readyz", "/", f"/jobs/{job}", "/jobs"):
                assert httpx.get(server.url + path, timeout=30).status_code == 200
            assert not any(each.done() for each in waiting)
        finally:
            # a server that ends lets everybody go
            server.process.send_signal(signal.SIGINT)
        assert server.process.wait(60) == 0


def test_an_assistant_that_leaves_has_its_clip_stopped(server: Server) -> None:
    picture = base64.b64encode(STILL.read_bytes()).decode()

    async def ask_and_leave() -> None:
        async with (
            streamable_http_client(f"{server.url}/mcp") as (reading, writing, _),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            asking = asyncio.create_task(session.call_tool("animate", {"image": picture, **ENDLESS}))
            while not only_job(server):
                await asyncio.sleep(0.1)
            asking.cancel()

    in_threads(1, lambda _: asyncio.run(ask_and_leave()))
    assert holds_within(60, lambda: state(server, only_job(server)) == "cancelled")


def test_a_caller_of_gradio_that_leaves_has_its_clip_stopped(server: Server) -> None:
    with visitor_of(server) as client:
        config = client.get("/config").json()
        event = next(each for each in config["dependencies"] if each["api_name"] == "animate")
        path = client.post("/gradio_api/upload", files={"files": ("still.jpg", STILL.read_bytes())}).json()[0]
        values = [{"path": path, "meta": {"_type": "gradio.FileData"}}, "mp4", *[None] * (len(event["inputs"]) - 2)]
        join = {"data": values, "fn_index": event["id"], "session_hash": "leaving"}
        assert client.post("/gradio_api/queue/join", json=join).status_code == 200
        with client.stream("GET", "/gradio_api/queue/data?session_hash=leaving") as events:
            # kept: letting go of it would hang up
            lines = events.iter_lines()
            while not only_job(server):
                next(lines)
            assert state(server, only_job(server)) in {"queued", "running"}
    assert holds_within(60, lambda: state(server, only_job(server)) == "cancelled")


def test_a_caller_of_gradio_that_waits_does_not_keep_the_server_up(server: Server) -> None:
    from gradio_client import Client, handle_file

    client = Client(server.url, verbose=False)
    client.submit(image=handle_file(STILL), **ENDLESS, api_name="/animate")
    assert holds_within(60, lambda: bool(only_job(server)))
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(60) == 0
    threading.Thread(target=client.close, daemon=True).start()
