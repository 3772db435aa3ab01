"""A link shows one clip to whoever has it, until it is taken back; nothing else of the machine is reachable from it."""

from __future__ import annotations

import io
import re
from pathlib import Path

import av
import httpx
import pytest
from playwright.sync_api import Browser, expect

from media.recipe import read_recipe
from pipelines.errors import ClipError
from tests.conftest import MOVING, Server, new_window
from tests.ui.over_http import made_clip, visitor_of


@pytest.fixture(scope="module")
def ada(server: Server):
    with visitor_of(server) as client:
        yield client


@pytest.fixture(scope="module")
def job_id(ada: httpx.Client) -> str:
    return made_clip(ada)


def link(ada: httpx.Client, job_id: str, **wish) -> dict:
    answer = ada.post(f"/jobs/{job_id}/links", json=wish)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_stranger_watches_the_clip_until_the_link_is_taken_back(browser: Browser, server: Server, ada, job_id):
    made = link(ada, job_id, title="Otters & friends <3", shows_settings=True)
    private = new_window(browser, reduced_motion=MOVING)
    page = private.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(made["address"])
    page.wait_for_function("document.querySelector('video').readyState >= 3")
    page.wait_for_function("document.querySelector('video').currentTime > 0.1")
    expect(page.get_by_role("heading")).to_have_text("Otters & friends <3")
    expect(page.locator("dl")).to_contain_text("seed")
    expect(page.get_by_role("link", name="Make your own")).to_have_attribute("href", f"{server.url}/")
    assert all(address.startswith(server.url) for address in asked)
    assert ada.delete(f"/c/{made['id']}").status_code == 204
    answer = page.goto(made["address"])
    assert answer is not None and answer.status == 410
    expect(page.get_by_role("heading")).to_have_text("This link is no longer good.")
    private.close()


def test_a_crawler_gets_the_tags_that_chats_unfurl(ada, job_id):
    made = link(ada, job_id, title='Say "hi"')
    text = httpx.get(made["address"], headers={"user-agent": "facebookexternalhit/1.1"}).text
    tags = dict(re.findall(r'<meta (?:property|name)="([\w:]+)" content="([^"]*)">', text))
    assert tags["og:title"] == tags["twitter:title"] == "Say &quot;hi&quot;"
    assert tags["og:type"] == "video.other"
    assert (tags["og:video:width"], tags["og:video:height"]) == ("256", "128")
    assert tags["twitter:card"] == "player"
    assert httpx.get(tags["og:video"]).headers["content-type"] == "video/mp4"
    assert httpx.get(tags["og:image"]).headers["content-type"] == "image/jpeg"
    player = httpx.get(tags["twitter:player"])
    assert "frame-ancestors *" in player.headers["content-security-policy"]
    assert "frame-ancestors *" not in httpx.get(made["address"]).headers["content-security-policy"]


def test_oembed_tells_how_to_embed_it(server, ada, job_id):
    made = link(ada, job_id)
    told = httpx.get(f"{server.url}/oembed", params={"url": made["address"], "maxwidth": 128}).json()
    assert (told["version"], told["type"], told["width"], told["height"]) == ("1.0", "video", 128, 64)
    assert f'src="{made["address"]}/player"' in told["html"]
    assert httpx.get(f"{server.url}/oembed", params={"url": f"{server.url}/jobs/{job_id}"}).status_code == 404


def test_players_can_seek(ada, job_id):
    address = link(ada, job_id)["address"]
    whole = httpx.get(f"{address}/clip.mp4").content
    part = httpx.get(f"{address}/clip.mp4", headers={"range": "bytes=100-199"})
    assert part.status_code == 206
    assert part.content == whole[100:200]


@pytest.mark.parametrize("shows", [True, False])
def test_settings_are_sent_only_where_they_are_shown(ada, job_id, tmp_path: Path, shows):
    address = link(ada, job_id, shows_settings=shows)["address"]
    (tmp_path / "clip.mp4").write_bytes(httpx.get(f"{address}/clip.mp4").content)
    with av.open(io.BytesIO((tmp_path / "clip.mp4").read_bytes())) as container:
        assert sum(1 for _ in container.decode(video=0)) == 5
    if shows:
        assert read_recipe(tmp_path / "clip.mp4")["request"]["seed"] == 3
    else:
        assert "<dl>" not in httpx.get(address).text
        with pytest.raises(ClipError):
            read_recipe(tmp_path / "clip.mp4")


def test_the_qr_code_holds_the_address(ada, job_id):
    import cv2
    import numpy as np
    import segno

    made = link(ada, job_id)
    answer = httpx.get(f"{made['address']}/qr.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    drawn = io.BytesIO()
    segno.make(made["address"], error="m").save(drawn, "svg", scale=6, light="white")
    assert answer.content == drawn.getvalue()
    picture = io.BytesIO()
    segno.make(made["address"], error="m").save(picture, "png", scale=6)
    read = cv2.QRCodeDetector().detectAndDecode(cv2.imdecode(np.frombuffer(picture.getvalue(), np.uint8), 1))
    assert read[0] == made["address"]


def test_another_visitor_cannot_share_list_or_revoke(server, ada, job_id):
    made = link(ada, job_id)
    with visitor_of(server) as bob:
        assert bob.post(f"/jobs/{job_id}/links", json={}).status_code == 403
        assert bob.get(f"/jobs/{job_id}/links").json() == []
        assert bob.delete(f"/c/{made['id']}").status_code == 403
    assert made["id"] in {each["id"] for each in ada.get(f"/jobs/{job_id}/links").json()}


def test_the_link_does_not_tell_the_job(ada, job_id):
    made = link(ada, job_id, shows_settings=True)
    for path in ("", "/player"):
        assert job_id not in httpx.get(made["address"] + path).text
    told = httpx.get(re.sub(r"/c/.*", "/oembed", made["address"]), params={"url": made["address"]}).text
    assert job_id not in told


@pytest.mark.parametrize("share_id", ["x" * 22, "..", "%2e%2e", "x"])
def test_links_that_never_were(server, share_id):
    assert httpx.get(f"{server.url}/c/{share_id}/clip.mp4").status_code == 404


def test_wishes_without_sense_are_refused(ada, job_id):
    assert ada.post(f"/jobs/{job_id}/links", json={"title": "x" * 500}).status_code == 422
    assert ada.post(f"/jobs/{job_id}/links", json={"days": -3}).status_code == 422
