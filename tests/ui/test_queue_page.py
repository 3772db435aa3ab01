"""The queue in a real browser: what is under way, whose it is, and a way to stop it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.conftest import Server, new_window
from tests.ui.over_http import begun, opened_as, visitor_of
from tests.ui.studio import fake_studio, held_back, stop


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A studio whose clips are never done."""
    with fake_studio(tmp_path_factory.mktemp("queue"), step_s=0.02) as server, held_back(server):
        yield server


def asked_on(context: BrowserContext, server: Server) -> Page:
    """The page of a job that will not be done, on the browser of who asked for it."""
    with visitor_of(server) as client:
        return opened_as(client, context, begun(client, num_inference_steps=100))


def queue_of(page: Page) -> None:
    page.get_by_role("tab", name="Queue").click()


def test_an_empty_queue_says_so(page: Page) -> None:
    queue_of(page)
    expect(page.locator("#turns")).to_contain_text("Nothing is being made")


def test_the_queue_shows_ones_own_jobs_and_only_counts_those_of_others(
    context: BrowserContext, browser: Browser, server: Server
) -> None:
    page, other = asked_on(context, server), asked_on(new_window(browser), server)
    queue_of(page)
    mine = page.locator("#turns .clip-card")
    expect(mine).to_have_count(1)
    expect(mine).to_contain_text("256x128")
    expect(mine).to_contain_text(re.compile("Step [0-9]+ of 100"))
    expect(page.locator("#turns li.quiet")).to_have_text("Somebody else's clip: waiting")
    queue_of(other)
    expect(other.locator("#turns .clip-card")).to_contain_text("Waiting: number 1")
    expect(other.locator("#turns li.quiet")).to_have_text("Somebody else's clip: being made")
    # the list is drawn anew all the time, and a keyboard still reaches its buttons
    stop = other.locator("#turns").get_by_role("button", name="Stop")
    stop.focus()
    page.locator("#turns").get_by_role("button", name="Stop").click()
    expect(page.locator("#turns .clip-card")).to_have_count(0)
    expect(other.locator("#turns .clip-card")).to_contain_text("Step")
    expect(stop).to_be_focused()
    other.keyboard.press("Enter")
    expect(other.locator("#turns")).to_contain_text("Nothing is being made")
    other.context.close()


def test_ones_own_clips_change_places(context: BrowserContext, server: Server) -> None:
    with visitor_of(server) as mine, visitor_of(server) as others:
        jobs = [
            (who, begun(who, num_inference_steps=100, num_frames=n))
            for who, n in ((mine, 4), (others, 9), (mine, 5), (mine, 6))
        ]
        page = opened_as(mine, context, jobs[0][1])
        queue_of(page)
        places, button = page.locator("#turns li"), page.get_by_role("button", name="Make this next")
        expect(places).to_have_text([re.compile(words) for words in ("4 frames", "Somebody", "5 frames", "6 frames")])
        # not of what runs, nor of what is next already
        expect(button).to_have_count(1)
        button.click()
        expect(places).to_have_text([re.compile(words) for words in ("4 frames", "Somebody", "6 frames", "5 frames")])
        for who, job in reversed(jobs):
            who.post(f"/jobs/{job}/cancel")


def test_a_job_is_opened_from_the_queue(context: BrowserContext, server: Server) -> None:
    page = asked_on(context, server)
    page.wait_for_url(re.compile("/jobs/[0-9a-f]{32}$"))
    address = page.url
    page.goto(re.sub("/jobs/.*", "/", address))
    queue_of(page)
    page.locator("#turns").get_by_role("button", name="Open").click()
    page.wait_for_url(address)
    expect(page.locator("#progress")).to_contain_text("Step")
    stop(page)
