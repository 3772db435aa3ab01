"""The studio over HTTP, as programs and strangers ask it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.conftest import Server
from tests.ui.over_http import PAGE, visitor_of
from tests.ui.studio import STILLS, fake_studio, held_back

SMALL = {"num_frames": 4, "num_inference_steps": 40, "width": 128, "height": 64}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A studio with little room, whose clips take as long as they have steps."""
    few = {"STILLMOTION_WAITING_PER_USER": "2", "STILLMOTION_WAITING_IN_ALL": "3"}
    with fake_studio(tmp_path_factory.mktemp("http"), step_s=0.1, **few) as server:
        yield server


@pytest.fixture
def visitor(server: Server) -> Iterator[httpx.Client]:
    """A browser that has opened the page."""
    yield from _stopping(server)


@pytest.fixture
def other(server: Server) -> Iterator[httpx.Client]:
    """Somebody else's."""
    yield from _stopping(server)


def _stopping(server: Server) -> Iterator[httpx.Client]:
    """A visitor, at whose end all that was started is stopped."""
    with visitor_of(server) as client:
        yield client
        for job in started:
            client.post(f"/jobs/{job}/cancel")


started: list[str] = []


def submit(client: httpx.Client, still: bytes | None = None, **changes: object) -> httpx.Response:
    still = (STILLS / "cat.jpg").read_bytes() if still is None else still
    answer = client.post("/animate", files={"still": still}, data={"request": json.dumps(SMALL | changes)})
    if answer.status_code == 202:
        started.append(answer.json()["id"])
    return answer


def until(client: httpx.Client, job: str, *states: str) -> dict[str, object]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = client.get(f"/jobs/{job}").json()
        if found["state"] in states:
            return dict(found)
        time.sleep(0.05)
    raise AssertionError(f"never {states}: {found}")


def test_a_job_is_submitted_followed_and_fetched(visitor: httpx.Client) -> None:
    answer = submit(visitor, num_inference_steps=3, seed=7)
    assert answer.status_code == 202
    job = answer.json()["id"]
    assert answer.headers["location"] == f"jobs/{job}"
    found = until(visitor, job, "done")
    assert found["request"]["seed"] == 7  # type: ignore[index]
    clip = visitor.get(f"/jobs/{job}/clip.mp4", headers={"Range": "bytes=4-7"})
    assert (clip.status_code, clip.content) == (206, b"ftyp")
    assert visitor.get(f"/jobs/{job}/poster.jpg").content[:2] == b"\xff\xd8"
    assert "no-store" in clip.headers["cache-control"]
    assert [each["id"] for each in visitor.get("/jobs", params={"search": "seed 7"}).json()] == [job]


def test_who_opens_the_address_in_a_browser_is_led_to_the_page(visitor: httpx.Client) -> None:
    job = submit(visitor, num_inference_steps=1).json()["id"]
    answer = visitor.get(f"/jobs/{job}", headers=PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, f"../?job={job}")


def test_somebody_else_may_look_and_not_touch(visitor: httpx.Client, other: httpx.Client) -> None:
    job = submit(visitor).json()["id"]
    assert other.get(f"/jobs/{job}").status_code == 200
    for refused in (other.post(f"/jobs/{job}/cancel"), other.delete(f"/jobs/{job}")):
        assert refused.status_code == 403
        assert refused.json()["error"] == "This clip was started by somebody else."
    assert other.get("/jobs").json() == []
    assert visitor.post(f"/jobs/{job}/cancel").status_code == 200
    assert until(visitor, job, "cancelled")["sentence"] == ""


def test_a_stopped_job_has_no_clip_and_says_so(visitor: httpx.Client) -> None:
    job = submit(visitor).json()["id"]
    early = visitor.get(f"/jobs/{job}/clip.mp4")
    assert (early.status_code, early.json()["error"]) == (503, "This clip is still being made.")
    assert int(early.headers["retry-after"]) >= 1
    visitor.post(f"/jobs/{job}/cancel")
    until(visitor, job, "cancelled")
    late = visitor.get(f"/jobs/{job}/clip.mp4")
    assert (late.status_code, late.json()["error"]) == (404, "This clip was stopped before it was made.")
    assert visitor.post(f"/jobs/{job}/cancel").json()["state"] == "cancelled"


def test_a_deleted_clip_is_gone(visitor: httpx.Client) -> None:
    job = submit(visitor, num_inference_steps=1).json()["id"]
    until(visitor, job, "done")
    assert visitor.delete(f"/jobs/{job}").status_code == 204
    assert visitor.get(f"/jobs/{job}/clip.mp4").json()["error"] == "This clip was deleted."
    assert visitor.get("/jobs").json() == []


def test_too_many_jobs_are_refused_with_the_time_to_come_back(
    server: Server, visitor: httpx.Client, other: httpx.Client
) -> None:
    with held_back(server):
        _fill(visitor, other)


def _fill(visitor: httpx.Client, other: httpx.Client) -> None:
    first = submit(visitor).json()["id"]
    until(visitor, first, "running")
    assert [submit(visitor).status_code for _ in range(2)] == [202, 202]
    mine = submit(visitor)
    assert (mine.status_code, mine.json()["error"]) == (
        503,
        "You have 2 clips waiting, which is as many as one person may.",
    )
    assert 1 <= int(mine.headers["retry-after"]) <= 60
    assert mine.json()["remedy"] == f"Try again in about {mine.headers['retry-after']} s."
    assert submit(other).status_code == 202
    full = submit(other)
    assert (full.status_code, full.json()["error"]) == (503, "The queue is full: 3 clips are waiting.")


@pytest.mark.parametrize(
    ("still", "changes", "status", "words"),
    [
        (b"only words " * 20, {}, 422, "plain text"),
        (b"", {}, 422, "empty"),
        (None, {"num_frames": 10_000}, 422, "num_frames"),
        (None, {"model": "no-such-model"}, 422, "no-such-model"),
        (None, {"model": "svd-xt", "colour": 3}, 422, "colour"),
    ],
)
def test_bad_controls_are_answered_in_words(
    visitor: httpx.Client, still: bytes | None, changes: dict[str, object], status: int, words: str
) -> None:
    answer = submit(visitor, still, **changes)
    assert answer.status_code == status
    assert words in answer.json()["error"] and "Traceback" not in answer.text


@pytest.mark.parametrize("request_", ["[]", "{", '"x"', "\0", "[" * 10_000])
def test_controls_that_are_no_object_are_answered_in_words(visitor: httpx.Client, request_: str) -> None:
    answer = visitor.post("/animate", files={"still": (STILLS / "cat.jpg").read_bytes()}, data={"request": request_})
    assert answer.status_code == 422
    assert "not a JSON object" in answer.json()["error"]


def test_a_request_without_a_picture_is_answered_in_words(visitor: httpx.Client) -> None:
    for answer in (visitor.post("/animate"), visitor.post("/animate", data={"request": "{}"})):
        assert (answer.status_code, answer.json()["error"]) == (422, "There is no picture in this request.")


@pytest.mark.parametrize("cookie", ["", "x", "a.b", "admin.AAAA", "\x7f" * 40, "stillmotion"])
def test_a_forged_cookie_or_header_makes_nobody_somebody_else(
    server: Server, visitor: httpx.Client, cookie: str
) -> None:
    job = submit(visitor).json()["id"]
    [name_of_cookie] = visitor.cookies
    name = visitor.cookies[name_of_cookie].rpartition(".")[0]
    headers = {"Cookie": f"{name_of_cookie}={cookie}", "X-Stillmotion-Visitor": name}
    assert httpx.post(f"{server.url}/jobs/{job}/cancel", headers=headers).status_code == 403
    assert httpx.post(f"{server.url}/jobs/{job}/cancel", headers={"X-Stillmotion-Visitor": name}).status_code == 403
    visitor.post(f"/jobs/{job}/cancel")


def test_a_browser_is_known_again_and_a_program_is_given_no_cookie(server: Server) -> None:
    given = httpx.get(server.url, headers=PAGE).headers["set-cookie"]
    assert re.search("HttpOnly; SameSite=Lax$", given)
    again = httpx.get(server.url, headers=PAGE | {"Cookie": given.partition(";")[0]})
    assert again.headers["set-cookie"] == given
    assert "set-cookie" not in httpx.get(f"{server.url}/jobs").headers


def test_the_studio_lives_is_ready_and_tells_its_figures(server: Server, visitor: httpx.Client) -> None:
    until(visitor, submit(visitor, num_inference_steps=1).json()["id"], "done")
    assert visitor.get("/healthz").json() == {"ok": True}
    ready = visitor.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "why": []})
    figures = visitor.get("/metrics").text
    for line in (
        'stillmotion_jobs{state="queued"}',
        'stillmotion_jobs_ended_total{model="pocket",outcome="done"}',
        'stillmotion_wait_seconds_count{model="pocket"}',
        'stillmotion_run_seconds_sum{model="pocket"}',
        "stillmotion_workers{state=",
        "stillmotion_gpu_memory_bytes{worker=",
    ):
        assert line in figures


def test_a_store_that_went_away_is_told_and_nothing_is_lost(server: Server, visitor: httpx.Client) -> None:
    job = submit(visitor, num_inference_steps=1).json()["id"]
    until(visitor, job, "done")
    store, away = server.data / "jobs", server.data / "jobs-away"
    store.rename(away)
    try:
        for answer in (submit(visitor), visitor.get(f"/jobs/{job}/clip.mp4"), visitor.get("/readyz")):
            assert answer.status_code == 503
            assert "place where clips are kept is away" in answer.text
        assert visitor.get(f"/jobs/{job}").json()["state"] == "done"
        assert visitor.get("/healthz").status_code == 200
    finally:
        away.rename(store)
    assert visitor.get(f"/jobs/{job}/clip.mp4").status_code == 200
    assert visitor.get("/readyz").status_code == 200
