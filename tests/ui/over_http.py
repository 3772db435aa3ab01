"""What tests ask of the studio without its page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from playwright.sync_api import BrowserContext, Page

from tests.conftest import Server
from tests.jobs.watching import holds_within
from tests.ui.studio import STILLS

STILL = STILLS / "otters.jpg"

CONTROLS = {"model": "pocket", "width": 256, "height": 128, "num_frames": 5, "num_inference_steps": 4, "seed": 3}

PAGE = {"Accept": "text/html"}
"""What a browser sends and a program does not."""


@contextmanager
def visitor_of(server: Server) -> Iterator[httpx.Client]:
    """A browser of its own that has opened the page, and so has its own cookie."""
    with httpx.Client(base_url=server.url, timeout=60) as client:
        client.get("/", headers=PAGE)
        yield client


def begun(client: httpx.Client, **changes: object) -> str:
    """The id of a small clip that was asked for."""
    asked = {"request": json.dumps(CONTROLS | changes)}
    answer = client.post("/animate", files={"still": (STILL.name, STILL.read_bytes())}, data=asked)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def made_clip(client: httpx.Client, **changes: object) -> str:
    """The id of a small clip that is done."""
    made = begun(client, **changes)
    assert holds_within(90, lambda: client.get(f"/jobs/{made}").json()["state"] == "done")
    return made


def opened_as(client: httpx.Client, context: BrowserContext, job: str) -> Page:
    """The page of a clip, in a browser that is this visitor's."""
    root = str(client.base_url)
    context.add_cookies([{"name": each.name, "value": each.value or "", "url": root} for each in client.cookies.jar])
    page = context.new_page()
    page.goto(f"{root}/jobs/{job}")
    page.get_by_role("button", name="Animate").wait_for()
    return page
