"""The queue in a real browser: what is under way, whose it is, and a way to stop it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.jobs_figures.fake_model import Speed
from tests.conftest import FAKE_APP, Server, start_server, stop_server
from tests.ui.studio import STILLS, give, make_small, set_to


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A studio whose clips take a while."""
    folder = tmp_path_factory.mktemp("queue")
    server = start_server(folder / "data", folder / "log.txt", FAKE_APP, **Speed(step_s=0.25).environment())
    yield server
    stop_server(server)


def queue_of(page: Page) -> None:
    page.get_by_role("tab", name="Queue").click()


def started(page: Page) -> None:
    give(page, STILLS / "cat.jpg")
    make_small(page)
    page.get_by_role("button", name="Advanced").click()
    set_to(page, "num_inference_steps", 100)
    page.get_by_role("button", name="Animate").click()
    page.wait_for_url(re.compile("/jobs/[0-9a-f]{32}$"))


def test_an_empty_queue_says_so(page: Page) -> None:
    queue_of(page)
    expect(page.locator("#turns")).to_contain_text("Nothing is being made")


def test_the_queue_shows_ones_own_jobs_and_only_counts_those_of_others(
    page: Page, browser: Browser, server: Server
) -> None:
    started(page)
    other = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    other.goto(server.url)
    other.get_by_role("button", name="Animate").wait_for()
    started(other)
    queue_of(page)
    mine = page.locator("#turns .clip-card")
    expect(mine).to_have_count(1)
    expect(mine).to_contain_text("576x320")
    expect(mine).to_contain_text(re.compile("Step [0-9]+ of 100"), timeout=15_000)
    expect(page.locator("#turns li.quiet")).to_have_text("Somebody else's clip: waiting")
    queue_of(other)
    expect(other.locator("#turns .clip-card")).to_contain_text("Waiting: number 1")
    expect(other.locator("#turns li.quiet")).to_have_text("Somebody else's clip: being made")
    # the list is drawn anew all the time, and a keyboard still reaches its buttons
    stop = other.locator("#turns").get_by_role("button", name="Stop")
    stop.focus()
    page.locator("#turns").get_by_role("button", name="Stop").click()
    expect(page.locator("#turns .clip-card")).to_have_count(0)
    expect(other.locator("#turns .clip-card")).to_contain_text("Step", timeout=15_000)
    expect(stop).to_be_focused()
    other.keyboard.press("Enter")
    expect(other.locator("#turns")).to_contain_text("Nothing is being made", timeout=15_000)
    other.context.close()


def test_a_job_is_opened_from_the_queue(page: Page) -> None:
    started(page)
    address = page.url
    page.goto(re.sub("/jobs/.*", "/", address))
    queue_of(page)
    page.locator("#turns").get_by_role("button", name="Open").click()
    page.wait_for_url(address)
    expect(page.locator("#progress")).to_contain_text("Step", timeout=15_000)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#progress")).to_contain_text("Stopped", timeout=15_000)
