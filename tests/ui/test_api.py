"""Programs animate pictures: over REST, with Gradio's client, and as an assistant's tool over MCP."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from PIL import Image

from media.export.facts import probe_export
from media.export.formats import FORMATS
from tests.conftest import Server
from tests.jobs.watching import in_threads
from tests.ui.over_http import CONTROLS, STILL, made_clip, visitor_of


@pytest.fixture(scope="module")
def rest(server: Server):
    with visitor_of(server) as client:
        yield client


@pytest.fixture(scope="module")
def job_id(rest: httpx.Client) -> str:
    return made_clip(rest)


@pytest.mark.parametrize("name", FORMATS)
def test_a_clip_is_had_in_every_format(rest, job_id, tmp_path: Path, name):
    answer = rest.get(f"/clips/{job_id}", params={"format": name, "finish": json.dumps({"loop": "ping-pong"})})
    assert answer.status_code == 200, answer.text
    kind = FORMATS[name]
    assert answer.headers["content-type"] == kind.media_type
    assert f"otters, there and back{kind.suffix}" in unquote(answer.headers["content-disposition"])
    (tmp_path / "clip").write_bytes(answer.content)
    assert probe_export(tmp_path / "clip", kind).num_frames == (1 if kind.is_one_frame else 8)


@pytest.mark.parametrize(
    ("asked", "status", "told"),
    [
        ({"format": "mov"}, 422, ""),
        ({"finish": "{"}, 422, "no JSON object"),
        ({"finish": '{"speed": 0}'}, 422, "speed"),
        ({"finish": '{"first": 50}'}, 422, "has no frames"),
        ({"format": "zip", "within": "8 MB"}, 422, "cannot be made to a size"),
        ({"format": "gif", "within": "1 kB"}, 422, "cannot be held to 1 kB"),
    ],
)
def test_wishes_that_cannot_be_met_are_named(rest, job_id, asked, status, told):
    answer = rest.get(f"/clips/{job_id}", params=asked)
    assert answer.status_code == status
    assert told in answer.text


def test_a_clip_that_is_not_there(rest):
    assert rest.get(f"/clips/{'0' * 32}").status_code == 404


def test_the_models_and_what_they_obey(rest):
    found = {each["id"]: each for each in rest.get("/models").json()}
    assert found["pocket"]["here"] is True
    assert "motion_bucket_id" in found["pocket"]["controls"]
    assert "decode_chunk_size" not in found["pocket"]["controls"]


def test_everything_is_described(rest):
    paths = rest.get("/openapi.json").json()["paths"]
    assert {"/animate", "/jobs/{job_id}", "/clips/{job_id}", "/models"} <= set(paths)
    assert "x-stillmotion-visitor" not in json.dumps(paths)
    page = rest.get("/api").text
    assert all(path in page for path in paths)
    assert "http://" not in page and "https://" not in page, "the page asks nobody else"


def test_gradios_client_gets_the_file(server):
    client = Client(server.url, verbose=False)
    path = client.predict(image=handle_file(STILL), format="webp", **CONTROLS, api_name="/animate")
    with Image.open(path) as picture:
        assert (picture.size, picture.n_frames) == ((256, 128), 5)
    smoother = client.predict(image=handle_file(STILL), format="webp", interpolation=2, **CONTROLS, api_name="/animate")
    with Image.open(smoother) as picture:
        assert picture.n_frames == 9
    with pytest.raises(AppError, match="upscaling cannot be 3"):
        client.predict(image=handle_file(STILL), upscaling=3, api_name="/animate")
    with pytest.raises(AppError, match="width cannot be 1023"):
        client.predict(image=handle_file(STILL), width=1023, api_name="/animate")
    with pytest.raises(AppError, match=r"Wrap it: handle_file"):
        client.predict(image=str(STILL), api_name="/animate")
    client.close()


def test_an_assistant_finds_one_tool_and_can_use_it(server):
    small = io.BytesIO()
    Image.open(STILL).resize((256, 144)).save(small, "PNG")
    picture = "data:image/png;base64," + base64.b64encode(small.getvalue()).decode()

    async def ask():
        async with (
            streamable_http_client(f"{server.url}/mcp") as (reading, writing, _),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            tools = (await session.list_tools()).tools
            return tools, await session.call_tool("animate", {"image": picture, "name": "Two otters", **CONTROLS})

    # in a thread of its own: the browser of other tests has an event loop in this one
    [(tools, answer)] = in_threads(1, lambda _: asyncio.run(ask()))
    assert [tool.name for tool in tools] == ["animate"]
    asked = tools[0].inputSchema["properties"]
    assert {asked[name]["type"] for name in ("motion_bucket_id", "interpolation", "upscaling")} == {"integer"}
    assert not answer.isError, answer.content
    told = json.loads(answer.content[0].text)
    assert (told["type"], told["seed"], told["num_frames"]) == ("video/mp4", 3, 5)
    clip = httpx.get(told["clip"])
    assert clip.content[4:8] == b"ftyp"
    assert "Two otters.mp4" in unquote(clip.headers["content-disposition"])
