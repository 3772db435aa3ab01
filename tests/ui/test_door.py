"""What strangers try at the door, each attack as it once went through."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import Response
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from tests.conftest import ROOT, Server
from tests.ui.over_http import CONTROLS, PAGE, STILL, made_clip, visitor_of
from tests.ui.studio import owner_address
from ui.door.openings import OPENINGS, opening_of
from ui.door.visitors import HEADER, Keys, Visitors

SECRET = b"\x89PNG\r\n\x1a\nnobody may read this"

EVIL = "evil.example"


@pytest.fixture(scope="module")
def visitor(server: Server) -> Iterator[httpx.Client]:
    """A browser that has opened the page."""
    with visitor_of(server) as client:
        yield client


@pytest.fixture
def other(server: Server) -> Iterator[httpx.Client]:
    """Somebody else's."""
    with visitor_of(server) as client:
        yield client


@pytest.fixture(scope="module")
def clip(visitor: httpx.Client) -> str:
    """A finished clip of `visitor`."""
    return made_clip(visitor)


@pytest.fixture
def secret(server: Server) -> Path:
    """A file beside the studio's database."""
    path = server.data / "secret.png"
    path.write_bytes(SECRET)
    return path


def upload(client: httpx.Client) -> str:
    """The path of a picture that a visitor has uploaded."""
    answer = client.post("/gradio_api/upload", files={"files": ("still.png", STILL.read_bytes())})
    assert answer.status_code == 200, answer.text
    return str(answer.json()[0])


def events_with_files(client: httpx.Client) -> list[tuple[int, list[Any], int]]:
    """Of every event that takes a file: its number, inputs of nothing, and the place of the file among them."""
    config = client.get("/config").json()
    kinds = {each["id"]: each["type"] for each in config["components"]}
    taken = {"image", "file", "uploadbutton", "stillupload"}
    return [
        (event["id"], [None] * len(event["inputs"]), place)
        for event in config["dependencies"]
        if event["backend_fn"]
        for place, component in enumerate(event["inputs"])
        if kinds[component] in taken
    ]


def smallest_event(client: httpx.Client) -> tuple[int, list[Any], int]:
    """That which takes a file and the least beside it."""
    return min(events_with_files(client), key=lambda each: len(each[1]))


def sent(client: httpx.Client, number: int, values: list[Any], at: str = "run/predict") -> httpx.Response:
    """An event of the page, by hand."""
    return client.post(
        f"/gradio_api/{at}",
        json={"data": values, "fn_index": number, "session_hash": "byhand", "event_data": None},
        headers={"Origin": str(client.base_url).rstrip("/")},
    )


@pytest.mark.parametrize("meta", [{}, {"meta": {"_type": "gradio.FileData"}}], ids=["bare", "as Gradio writes it"])
@pytest.mark.parametrize("at", ["run/predict", "queue/join"])
def test_no_event_takes_a_file_of_the_machine(visitor: httpx.Client, secret: Path, meta: dict[str, Any], at: str):
    events = events_with_files(visitor)
    assert len(events) >= 4, "the page takes pictures, clips and sounds"
    for number, values, place in events:
        values[place] = {"path": str(secret), **meta}
        answer = sent(visitor, number, values, at)
        assert (answer.status_code, answer.json()["error"]) == (403, "This file was not uploaded here by you.")


@pytest.mark.parametrize(
    "path", ["/etc/hostname", "/nowhere", "../../etc/passwd", "http://127.0.0.1:1/x", "/", "", "a\0b"]
)
def test_whether_a_path_is_there_is_told_to_nobody(visitor: httpx.Client, path: str) -> None:
    number, values, place = smallest_event(visitor)
    values[place] = {"path": path}
    assert sent(visitor, number, values).status_code == 403


def test_files_are_only_for_who_uploaded_them(visitor: httpx.Client, other: httpx.Client, server: Server, clip: str):
    path = upload(visitor)
    number, values, place = smallest_event(visitor)
    values[place] = {"path": path, "meta": {"_type": "gradio.FileData"}}
    assert sent(visitor, number, values).status_code == 200
    assert visitor.get(f"/gradio_api/file={path}").content == STILL.read_bytes()
    assert sent(other, number, values).status_code == 403
    assert other.get(f"/gradio_api/file={path}").status_code == 404
    for hidden in (server.data / "jobs" / clip / "still", server.data / "studio.sqlite", Path("/etc/hostname")):
        assert hidden.exists()
        assert visitor.get(f"/gradio_api/file={hidden}").status_code == 404
        values[place] = {"path": str(hidden)}
        assert sent(visitor, number, values).status_code == 403


def test_a_folder_is_no_file(visitor: httpx.Client) -> None:
    number, values, place = smallest_event(visitor)
    values[place] = {"path": str(Path(upload(visitor)).parent)}
    assert sent(visitor, number, values).status_code == 403


def test_what_a_file_request_carries_is_not_sent_back(visitor: httpx.Client) -> None:
    answer = visitor.get(f"/gradio_api/file={upload(visitor)}", headers={"Range": "bytes=0-3", "X-Told": "a secret"})
    assert answer.status_code == 206
    assert not {"cookie", "x-told"} & set(answer.headers)
    assert "attachment" in answer.headers["content-disposition"]


def test_stored_states_of_the_page_are_not_opened(visitor: httpx.Client) -> None:
    for address in ("/?deep_link=x", "/config?deep_link=x", "/gradio_api/deep_link?session_hash=byhand"):
        assert visitor.get(address).status_code == 404


@pytest.mark.parametrize(
    "path", ["/gradio_api/process_recording", "/gradio_api/call/animate", "/gradio_api/run/animate"]
)
def test_what_the_page_does_not_use_is_not_there(visitor: httpx.Client, path: str) -> None:
    assert visitor.post(path, json={}).status_code == 404


GRADIOS = {
    *("/", "/config", "/config/", "/theme.css", "/assets/{path:path}", "/static/{path:path}"),
    *(
        "/gradio_api/startup-events",
        "/gradio_api/app_id",
        "/gradio_api/heartbeat/{session_hash}",
        "/gradio_api/queue/join",
    ),
    *("/gradio_api/run/{api_name}", "/gradio_api/queue/data", "/gradio_api/upload", "/gradio_api/upload_progress"),
    *("/gradio_api/file={path_or_url:path}", "/gradio_api/info", "/gradio_api/cancel"),
    "/openapi.json",
}
"""Of Gradio's routes, those that the page and Gradio's client use, and one that lies behind our own."""


ROUTES = """
import json, os
from app import _backstage
from ui.server import build_server
routes = list(build_server(_backstage()).routes)
gradio = next(each for each in routes if type(each).__name__ == "Mount")
ours = [each for each in routes if each is not gradio]
def paths_of(routes):
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from paths_of(inner.routes)
        else:
            yield route.path
print(json.dumps([list(paths_of(ours)), list(paths_of(gradio.routes))]), flush=True)
os._exit(0)
"""
"""Prints the paths of our own routes, and those of Gradio's."""


def test_every_address_of_the_app_is_listed_or_shut(tmp_path: Path) -> None:
    environment = os.environ | {"STILLMOTION_DATA": str(tmp_path)}
    told = subprocess.run([sys.executable, "-c", ROUTES], cwd=ROOT, env=environment, capture_output=True, check=True)
    ours, gradios = json.loads(told.stdout)
    assert len(ours) > 20 and len(gradios) > 40
    assert [path for path in ours if opening_of(example_of(path)) is None] == []
    assert {path for path in gradios if is_open(path)} <= GRADIOS, "a route of Gradio that nobody has looked at"


def example_of(path: str) -> str:
    """A path as somebody would ask for it."""
    return re.sub(r"\{[^}]+\}", "x", path)


def is_open(path: str) -> bool:
    """Whether any path of a route can get through."""
    return any(
        opening_of(each)
        for each in (example_of(path), path.replace("{api_name}", "predict"), path.replace("{path:path}", "js/x"))
    )


def test_other_methods_than_those_listed_are_refused(visitor: httpx.Client) -> None:
    for opening in OPENINGS:
        path = opening.path.pattern.replace("\\", "").replace("[^/]+", "x").replace(".+", "x")
        answer = visitor.options(path)
        assert answer.status_code == 405, path


@pytest.mark.parametrize("host", [EVIL, f"{EVIL}:7860", "127.0.0.1.evil.example", "localhost@evil.example", "", "[::1"])
def test_a_name_that_is_not_the_studios_is_refused(server: Server, host: str) -> None:
    for path in ("/", "/config", "/mcp", "/healthz", "/c/x"):
        answer = httpx.get(server.url + path, headers={"Host": host})
        assert answer.status_code in {421, 400}, path
        assert EVIL not in answer.text


def test_names_of_the_machine_are_its_own(server: Server) -> None:
    port = server.url.rpartition(":")[2]
    for host in (f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}", "192.168.1.7"):
        assert httpx.get(f"{server.url}/healthz", headers={"Host": host}).status_code == 200


def test_forwarding_headers_of_strangers_are_not_believed(server: Server) -> None:
    told = {"X-Forwarded-Host": EVIL, "X-Forwarded-Proto": "https", "Forwarded": f"host={EVIL}"}
    for path in ("/", "/config", "/api"):
        answer = httpx.get(server.url + path, headers=told | PAGE)
        assert EVIL not in answer.text
        assert "https" not in answer.headers.get("set-cookie", "")
    with visitor_of(server) as first:
        job = made_clip(first)
    as_first = {
        "X-Forwarded-For": "127.0.0.1",
        "X-Stillmotion-Visitor": "address:127.0.0.1",
        "X-Stillmotion-Owner": "1",
    }
    assert httpx.delete(f"{server.url}/jobs/{job}", headers=as_first).status_code == 403


FOREIGN = [
    {"Origin": f"https://{EVIL}"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "http://[::1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_the_page_of_another_site_changes_and_reads_nothing(visitor: httpx.Client, clip: str, headers: dict[str, str]):
    files = {"still": STILL.read_bytes()}
    asked = [
        visitor.post("/animate", files=files, data={"request": json.dumps(CONTROLS)}, headers=headers),
        visitor.post("/gradio_api/upload", files={"files": b"x"}, headers=headers),
        visitor.post(f"/jobs/{clip}/cancel", headers=headers),
        visitor.delete(f"/jobs/{clip}", headers=headers),
        visitor.post("/gradio_api/queue/join", json={}, headers=headers),
        visitor.post("/mcp", json={}, headers=headers),
        visitor.get("/jobs", headers=headers),
        visitor.get("/gradio_api/queue/data?session_hash=x", headers=headers),
    ]
    assert [answer.status_code for answer in asked] == [403] * len(asked)
    for answer in asked:
        assert not [name for name in answer.headers if name.startswith("access-control-")]
    preflight = visitor.options("/animate", headers=headers | {"Access-Control-Request-Method": "POST"})
    assert preflight.status_code == 405


def test_other_sites_may_lead_here_and_show_what_is_shared(visitor: httpx.Client, clip: str) -> None:
    clicked = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", **PAGE}
    assert visitor.get("/", headers=clicked).status_code == 200
    link = visitor.post(f"/jobs/{clip}/links", json={"title": "Two otters"}).json()["id"]
    shown = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    assert visitor.get(f"/c/{link}/clip.mp4", headers=shown).status_code == 200
    assert visitor.get(f"/jobs/{clip}/clip.mp4", headers=shown).status_code == 403


def test_web_sockets_are_not_taken(server: Server) -> None:
    asked = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "eA==",
    }
    assert httpx.get(server.url, headers=asked).status_code != 101


def test_a_cookie_full_of_escapes_holds_nobody_up() -> None:
    """Python's own parser takes ten seconds for one, in the thread that answers everybody: it never gets to see it."""
    seen: list[list[str]] = []

    async def behind_the_door(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append([name.decode() for name, _ in scope["headers"]])
        await Response("")(scope, receive, send)

    cookie = 'x="' + "\\1" * 28_000 + '"'
    client = TestClient(Visitors(behind_the_door, Keys("secret")), headers={"Cookie": cookie})
    assert client.get("/healthz").status_code == 200
    assert "cookie" not in seen[0]
    assert HEADER in seen[0]


def test_each_studio_has_cookies_of_its_own_and_renews_them(server: Server, visitor: httpx.Client) -> None:
    [name] = [each for each in visitor.cookies if each.startswith("stillmotion-visitor-")]
    assert re.fullmatch("stillmotion-visitor-[0-9a-f]{8}", name)
    given = visitor.cookies[name]
    again = visitor.get("/", headers=PAGE).headers["set-cookie"]
    assert again.startswith(f"{name}={given}; Max-Age=31536000;")
    strangers = {"Cookie": f"stillmotion-visitor-00000000={visitor.cookies[name]}"}
    assert visitor.cookies[name] not in httpx.get(server.url, headers=PAGE | strangers).headers["set-cookie"]


def test_only_who_has_the_key_is_the_owner(server: Server) -> None:
    with visitor_of(server) as client:
        assert client.get("/own/0123456789abcdef", headers=PAGE).status_code == 404
        assert not [each for each in client.cookies if "owner" in each]
        assert client.get(owner_address(server)).status_code == 303
        assert [each for each in client.cookies if "owner" in each]


FORM = b'--x\r\nContent-Disposition: form-data; name="still"; filename="a"\r\n\r\n'


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/gradio_api/run/predict", b'{"data": [' + b"0, " * 200_000 + b"0]}"),
        ("POST", "/jobs/x/cancel", b"x" * 300_000),
        ("POST", "/animate", FORM + b"x" * 65_000_000),
    ],
    ids=["an event", "a small request", "a picture"],
)
@pytest.mark.parametrize("is_chunked", [False, True], ids=["declared", "chunked"])
def test_bodies_end_where_their_address_ends(
    visitor: httpx.Client, method: str, path: str, body: bytes, is_chunked: bool
):
    headers = {"Content-Type": "multipart/form-data; boundary=x" if path == "/animate" else "application/json"}
    pieces = (body[start : start + 50_000] for start in range(0, len(body), 50_000))
    try:
        answer = visitor.request(method, path, content=pieces if is_chunked else body, headers=headers)
    except httpx.WriteError:
        return  # the server has hung up on it
    if is_chunked and path.startswith("/jobs"):
        assert answer.status_code == 404  # nobody reads it
        return
    assert answer.status_code == 413
    assert "larger than what can be sent here" in answer.json()["error"]


@pytest.mark.parametrize("body", [b"[" * 100_000, b"{", b"\xff", b'{"data": ' + b'{"a":' * 5_000 + b"1" + b"}" * 5_001])
def test_an_event_that_is_no_json_is_answered_in_words(visitor: httpx.Client, body: bytes) -> None:
    answer = visitor.post("/gradio_api/run/predict", content=body, headers={"Content-Type": "application/json"})
    assert 400 <= answer.status_code < 500


def test_odd_questions_are_answered_in_words(visitor: httpx.Client, clip: str) -> None:
    assert visitor.get("/oembed", params={"url": "http://["}).status_code == 404
    link = visitor.post(
        f"/jobs/{clip}/links", content=b'{"title": "\\ud800"}', headers={"Content-Type": "application/json"}
    )
    assert (link.status_code, link.json()["error"]) == (422, "This title holds what is no letter.")
    for given in ({"model": "/etc"}, {"model": "."}, {"model": "/dev/stdin"}):
        answer = visitor.post("/animate", files={"still": STILL.read_bytes()}, data={"request": json.dumps(given)})
        assert (answer.status_code, answer.json()["error"][:30]) == (
            422,
            f"There is no model called {given['model']}."[:30],
        )
    told = visitor.get("/nowhere", headers=PAGE)
    assert (told.status_code, "Open the studio" in told.text) == (404, True)


def test_deleted_is_gone(server: Server) -> None:
    with visitor_of(server) as owner:
        job = made_clip(owner)
        link = owner.post(f"/jobs/{job}/links", json={}).json()["id"]
        assert owner.get(f"/clips/{job}?format=gif").status_code == 200
        [made] = (server.data / "exports" / job).glob("*/stillmotion.gif")
        assert owner.get(f"/clips/{job}/made/{made.parent.name}").status_code == 200
        assert owner.delete(f"/jobs/{job}").status_code == 204
        gone = (f"/jobs/{job}", f"/clips/{job}?format=gif", f"/clips/{job}/made/{made.parent.name}", f"/c/{link}")
        files = (f"/jobs/{job}/clip.mp4", f"/jobs/{job}/poster.jpg", f"/gradio_api/file={made}", f"/c/{link}/clip.mp4")
        assert {owner.get(each).status_code for each in (*gone, *files)} <= {404, 410}
