"""The library in a real browser, and what was left to mend on the Studio tab."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.conftest import Server, new_window
from tests.ui.over_http import made_clip, opened_as, visitor_of
from tests.ui.studio import STILLS, fake_studio, give, held_back, saved, set_to, unfold
from tests.ui.test_accessibility import complaints


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A studio whose clips are done at once."""
    with fake_studio(tmp_path_factory.mktemp("library"), step_s=0.02) as server:
        yield server


TIME_IN_TOKYO = """() => new Intl.DateTimeFormat(undefined, {
  dateStyle: "medium", timeStyle: "short", timeZone: "Asia/Tokyo"
}).format(new Date(document.querySelector("#clips time").dateTime))"""


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A window far away from the server."""
    window = new_window(browser, timezone_id="Asia/Tokyo")
    yield window
    window.close()


@pytest.fixture
def made(server: Server, context: BrowserContext) -> Iterator[Page]:
    """The page of somebody's only clip: motion 90, 8 frames."""
    with visitor_of(server) as client:
        page = opened_as(client, context, made_clip(client, motion_bucket_id=90, num_frames=8))
        expect(page.locator("#stage video")).to_be_visible()
        yield page


def library(page: Page) -> None:
    page.get_by_role("tab", name="Library").click()
    expect(page.locator("#clips .clip-card").first).to_be_visible()


def cards(page: Page, count: int) -> None:
    expect(page.locator("#clips .clip-card")).to_have_count(count)


def test_an_empty_library_says_what_it_is_for(page: Page) -> None:
    page.get_by_role("tab", name="Library").click()
    expect(page.locator("#clips")).to_contain_text("No clips yet")


def test_a_clip_is_in_the_library_of_who_made_it_by_name_and_in_their_own_time(
    made: Page, browser: Browser, server: Server
) -> None:
    seed = made.locator("#result code").text_content()
    library(made)
    card = made.locator("#clips .clip-card")
    expect(card.locator(".clip-name")).to_have_text("otters")
    expect(card.locator("time")).to_have_text(made.evaluate(TIME_IN_TOKYO))
    expect(card.get_by_text("motion 90")).not_to_be_visible()
    card.get_by_text("Settings", exact=True).click()
    for words in ("pocket", "256x128 · 8 frames · 24 fps", "motion 90", f"seed {seed}", "made in"):
        expect(card.get_by_text(words)).to_be_visible()
    made.wait_for_function("document.querySelector('#clips .clip-card img').naturalWidth > 0")
    card.hover()
    expect(card.locator("video")).to_be_visible()
    stranger = new_window(browser).new_page()
    stranger.goto(server.url)
    stranger.get_by_role("tab", name="Library").click()
    expect(stranger.locator("#clips")).to_contain_text("No clips yet")
    stranger.context.close()


def test_every_file_of_a_clip_is_there_to_download_again_under_its_name(
    server: Server, context: BrowserContext, tmp_path: Path
) -> None:
    with visitor_of(server) as client:
        job = made_clip(client)
        wished = {"format": "gif", "finish": json.dumps({"loop": "ping-pong"})}
        assert client.get(f"/clips/{job}", params=wished).status_code == 200
        assert client.post(f"/jobs/{job}/links", json={"title": "Hello from the river"}).status_code == 201
        page = opened_as(client, context, job)
    library(page)
    card = page.locator("#clips .clip-card")
    expect(card.locator(".clip-title")).to_have_text("“Hello from the river”")
    clip = saved(page, card.get_by_role("link", name="Download"), tmp_path)
    assert (clip.name, clip.read_bytes()[4:8]) == ("otters.mp4", b"ftyp")
    gif = saved(page, card.get_by_role("link", name="GIF, there and back"), tmp_path)
    assert (gif.name, gif.read_bytes()[:4]) == ("otters, there and back.gif", b"GIF8")
    for words, count in (("river hello", 1), ("otter", 1), ("wren", 0)):
        page.get_by_label("Search").fill(words)
        cards(page, count)
    # what is made of a frame of it is called as it is
    page.get_by_role("tab", name="Studio").click()
    page.get_by_role("button", name="Use this frame").click()
    expect(page.locator("#stage img[alt='The frame that the model will see']")).to_be_visible()
    before = page.url
    page.get_by_role("button", name="Animate").click()
    expect(page).not_to_have_url(before)
    expect(page.locator("#result .download")).to_have_attribute("download", "otters.mp4")


def test_clips_are_searched_and_marked(made: Page) -> None:
    first = made.locator("#result code").text_content()
    made.get_by_role("button", name="Another take").click()
    expect(made.locator("#result code")).not_to_have_text(first)
    library(made)
    cards(made, 2)
    seed = made.locator("#clips .clip-card code").first.text_content()
    made.get_by_label("Search").fill(f"seed {seed}")
    cards(made, 1)
    made.get_by_role("button", name="Favourite", exact=True).click()
    expect(made.get_by_role("button", name="No favourite any more")).to_be_visible()
    made.get_by_label("Search").fill("no such clip")
    expect(made.locator("#clips")).to_contain_text("No clip has all of these words")
    made.get_by_label("Search").fill("")
    cards(made, 2)
    made.get_by_label("Favourites only").check()
    cards(made, 1)


def test_a_deletion_is_undone_from_where_a_phone_is_scrolled_to_and_by_the_keyboard(
    server: Server, browser: Browser
) -> None:
    phone = new_window(browser, viewport={"width": 390, "height": 600}, has_touch=True)
    with visitor_of(server) as client:
        last = [made_clip(client) for _ in range(3)][-1]
        page = opened_as(client, phone, last)
    library(page)
    deletions, undo = page.get_by_role("button", name="Delete this clip"), page.get_by_role("button", name="Undo")
    deletions.last.scroll_into_view_if_needed()
    deletions.last.click()
    cards(page, 2)
    said = page.locator("#toast").get_by_role("status")
    expect(said).to_contain_text("Deleted “otters”. It can be brought back for 10 minutes.")
    expect(undo).to_be_in_viewport(ratio=1)
    deletions.first.focus()
    page.keyboard.press("Enter")
    cards(page, 1)
    # one after the other, without a pointer
    for count in (2, 3):
        expect(undo).to_be_focused()
        page.keyboard.press("Enter")
        cards(page, count)
    expect(undo).to_have_count(0)
    deletions.first.click()
    page.get_by_role("button", name="Close").click()
    expect(said).to_have_text("")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    phone.close()


def test_tabs_are_in_the_address(made: Page, server: Server) -> None:
    job = made.url
    library(made)
    expect(made).to_have_url(f"{server.url}/?tab=library")
    made.reload()
    expect(made.locator("#clips .clip-card").first).to_be_visible()
    expect(made).to_have_title("Library · Stillmotion")
    made.get_by_role("tab", name="Queue").click()
    made.go_back()
    expect(made.locator("#clips .clip-card").first).to_be_visible()
    made.go_back()
    expect(made).to_have_url(job)
    expect(made.locator("#stage video")).to_be_visible()
    made.go_forward()
    expect(made.locator("#clips .clip-card").first).to_be_visible()
    # the studio went on to another job meanwhile: its address is that one's
    made.get_by_role("tab", name="Studio").click()
    made.get_by_role("button", name="Another take").click()
    expect(made).not_to_have_url(job)
    newer = made.url
    made.go_back()
    made.go_back()
    expect(made).to_have_url(newer)


def test_a_key_carries_the_library_to_another_browser_once(made: Page, browser: Browser, server: Server) -> None:
    library(made)
    made.get_by_role("button", name="Use this library in another browser").click()
    expect(made.locator("#library-key")).to_contain_text("can change and delete them")
    assert complaints(made) == []
    address = made.locator("#library-key [data-copy]").get_attribute("data-copy") or ""
    other = new_window(browser).new_page()
    other.goto(server.url)
    # to look is not to use
    for _ in range(2):
        other.goto(address)
    other.get_by_role("button", name="Open the library").click()
    expect(other.locator("#clips .clip-card .clip-name")).to_have_text("otters")
    other.get_by_role("button", name="Favourite", exact=True).click()
    made.reload()
    expect(made.get_by_role("button", name="No favourite any more")).to_be_visible()
    stranger = new_window(browser).new_page()
    stranger.goto(address)
    expect(stranger.get_by_role("heading")).to_have_text("This key is no longer good.")
    stranger.goto(f"{server.url}/?tab=library")
    expect(stranger.locator("#clips")).to_contain_text("No clips yet")
    for page in (other, stranger):
        page.context.close()


def test_the_focus_stays_with_its_clip_and_never_goes_to_another(made: Page, server: Server) -> None:
    with held_back(server):
        made.get_by_role("button", name="Another take").click()
        library(made)
        buttons = made.get_by_role("button", name="Delete this clip")
        expect(buttons).to_have_count(1)
        buttons.last.focus()
    # a new clip comes in front
    expect(made.locator("#clips .clip-card")).to_have_count(2)
    expect(buttons.last).to_be_focused()
    buttons.first.focus()
    made.keyboard.press("Enter")
    cards(made, 1)
    expect(buttons).not_to_be_focused()
    made.get_by_role("button", name="Favourite", exact=True).focus()
    made.keyboard.press("Enter")
    expect(made.get_by_role("button", name="No favourite any more")).to_be_focused()
    made.keyboard.press("Enter")
    expect(made.get_by_role("button", name="Favourite", exact=True)).to_be_focused()


def test_a_clip_of_the_library_gives_its_settings_and_is_opened_in_the_studio(made: Page) -> None:
    address, seed = made.url, made.locator("#result code").text_content()
    set_to(made, "motion_bucket_id", 10)
    unfold(made, "Details")
    set_to(made, "num_frames", 20)
    library(made)
    made.get_by_role("button", name="Use these settings in the studio").click()
    expect(made.locator("#control-motion_bucket_id input[type=number]")).to_have_value("90")
    expect(made.locator("#summary")).to_contain_text("256x128 · 8 frames")
    expect(made.locator("#control-seed input")).to_have_value(seed or "")
    made.get_by_role("button", name="New picture").click()
    expect(made).not_to_have_url(address)
    library(made)
    made.get_by_role("button", name="Open in the studio").click()
    expect(made.locator("#stage video")).to_be_visible()
    expect(made).to_have_url(address)


def test_frames_are_made_again_with_other_settings_in_a_time_that_is_known(made: Page) -> None:
    expect(made.locator("#summary")).to_contain_text(re.compile("about [0-9]+ s on this machine"))
    before = made.url
    unfold(made, "Details")
    made.get_by_label("Play as fast as it was imagined").uncheck()
    set_to(made, "playback_fps", 14)
    made.get_by_role("button", name="Decode again").click()
    expect(made).not_to_have_url(before)
    expect(made.locator("#result")).to_contain_text("8 frames · 14 fps")


LINE_HEIGHT = 20
"""Pixels of a line of text."""


def test_on_a_phone_animate_is_in_sight_wherever_the_page_is(browser: Browser, server: Server) -> None:
    phone = new_window(browser, viewport={"width": 390, "height": 844}, has_touch=True)
    page = phone.new_page()
    page.goto(server.url)
    give(page, STILLS / "cat.jpg")
    for end in (0, 100_000):
        page.mouse.wheel(0, end)
        expect(page.get_by_role("button", name="Animate")).to_be_in_viewport(ratio=1)
    for tab in ("Library", "Models", "Studio"):
        expect(page.get_by_role("tab", name=tab)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    seen = set()
    for top in range(0, page.evaluate("document.documentElement.scrollHeight"), LINE_HEIGHT):
        page.evaluate("(top) => window.scrollTo(0, top)", top)
        seen.add(page.get_by_role("button", name="Animate").screenshot())
    assert len(seen) == 1, "nothing on the page passes over the button"
    phone.close()
