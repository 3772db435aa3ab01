"""The library in a real browser, and what was left to mend on the Studio tab."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.conftest import Server
from tests.ui.over_http import made_clip, opened_as, visitor_of
from tests.ui.studio import STILLS, fake_studio, give, held_back, set_to


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A studio whose clips are done at once."""
    with fake_studio(tmp_path_factory.mktemp("library"), step_s=0.02) as server:
        yield server


@pytest.fixture
def made(server: Server, context: BrowserContext) -> Iterator[Page]:
    """The page of somebody's only clip: motion 90, 8 frames."""
    with visitor_of(server) as client:
        page = opened_as(client, context, made_clip(client, motion_bucket_id=90, num_frames=8))
        expect(page.locator("#stage video")).to_be_visible()
        yield page


def library(page: Page) -> None:
    page.get_by_role("tab", name="Library").click()
    expect(page.locator(".clip-card").first).to_be_visible()


def cards(page: Page, count: int) -> None:
    expect(page.locator(".clip-card")).to_have_count(count)


def test_an_empty_library_says_what_it_is_for(page: Page) -> None:
    page.get_by_role("tab", name="Library").click()
    expect(page.locator("#clips")).to_contain_text("No clips yet")


def test_a_clip_is_in_the_library_of_who_made_it_with_its_settings(
    made: Page, browser: Browser, server: Server
) -> None:
    seed = made.locator("#result code").inner_text()
    library(made)
    card = made.locator(".clip-card")
    for words in ("pocket", "256x128 · 8 frames · 24 fps", "motion 90", f"seed {seed}", "made in"):
        expect(card).to_contain_text(words)
    made.wait_for_function("document.querySelector('.clip-card img').naturalWidth > 0")
    card.hover()
    expect(card.locator("video")).to_be_visible()
    stranger = browser.new_context().new_page()
    stranger.goto(server.url)
    stranger.get_by_role("tab", name="Library").click()
    expect(stranger.locator("#clips")).to_contain_text("No clips yet")
    stranger.context.close()


def test_clips_are_searched_marked_deleted_and_brought_back(made: Page) -> None:
    first = made.locator("#result code").inner_text()
    made.get_by_role("button", name="Again, other seed").click()
    expect(made.locator("#result code")).not_to_have_text(first)
    library(made)
    cards(made, 2)
    seed = made.locator(".clip-card code").first.inner_text()
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
    made.get_by_role("button", name="Delete this clip").click()
    cards(made, 0)
    made.get_by_role("button", name="Undo").click()
    cards(made, 1)
    made.reload()
    library(made)
    cards(made, 2)


def test_the_focus_stays_with_its_clip_and_never_goes_to_another(made: Page, server: Server) -> None:
    with held_back(server):
        made.get_by_role("button", name="Again, other seed").click()
        library(made)
        buttons = made.get_by_role("button", name="Delete this clip")
        expect(buttons).to_have_count(1)
        buttons.last.focus()
    # a new clip comes in front
    expect(made.locator(".clip-card")).to_have_count(2)
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


def test_settings_are_used_again(made: Page) -> None:
    seed = made.locator("#result code").inner_text()
    set_to(made, "motion_bucket_id", 10)
    made.get_by_role("button", name="Size and length").click()
    set_to(made, "num_frames", 20)
    library(made)
    made.get_by_role("button", name="Use these settings in the studio").click()
    expect(made.locator("#control-motion_bucket_id input[type=number]")).to_have_value("90")
    expect(made.locator("#summary")).to_contain_text("256x128 · 8 frames")
    made.locator("#seed-box button").click()
    expect(made.locator("#control-seed input")).to_have_value(seed)


def test_a_clip_is_opened_in_the_studio(made: Page) -> None:
    address = made.url
    made.get_by_role("button", name="New picture").click()
    expect(made).not_to_have_url(address)
    library(made)
    made.get_by_role("button", name="Open in the studio").click()
    expect(made.locator("#stage video")).to_be_visible()
    expect(made).to_have_url(address)


def test_the_frame_that_is_shown_becomes_the_next_still(made: Page) -> None:
    made.get_by_role("button", name="Use this frame").click()
    expect(made.locator("#stage img[alt='The frame that the model will see']")).to_be_visible()
    before = made.url
    made.get_by_role("button", name="Animate").click()
    expect(made).not_to_have_url(before)
    expect(made.locator("#stage video")).to_be_visible()


def test_frames_are_made_again_with_other_settings(made: Page) -> None:
    before = made.url
    made.get_by_role("button", name="Size and length").click()
    made.get_by_label("Play at the motion fps").uncheck()
    set_to(made, "playback_fps", 14)
    made.get_by_role("button", name="Decode again").click()
    expect(made).not_to_have_url(before)
    expect(made.locator("#result")).to_contain_text("8 frames · 14 fps")


def test_after_the_first_clip_the_time_of_the_next_one_is_known(made: Page) -> None:
    expect(made.locator("#summary")).to_contain_text(re.compile("about [0-9]+ s on this machine"))


LINE_HEIGHT = 20
"""Pixels of a line of text."""


def test_on_a_phone_animate_is_in_sight_wherever_the_page_is(browser: Browser, server: Server) -> None:
    phone = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
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
