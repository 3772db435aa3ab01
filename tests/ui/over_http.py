"""What tests ask of the studio without its page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

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


def made_clip(client: httpx.Client) -> str:
    """The id of a small clip that is done."""
    answer = client.post("/animate", files={"still": STILL.read_bytes()}, data={"request": json.dumps(CONTROLS)})
    assert answer.status_code == 202, answer.text
    made = str(answer.json()["id"])
    assert holds_within(90, lambda: client.get(f"/jobs/{made}").json()["state"] == "done")
    return made
