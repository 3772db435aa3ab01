"""The page follows its job: through reloads, on other devices, in two tabs, over a restart of the server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import Server
from tests.ui.studio import BACK_MS, CLIP_MS, STILLS, begin, fake_studio, give, opened, stop

STEP_S = 0.25


@pytest.fixture(scope="module")
def fake_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A studio whose clips take as long as they have steps."""
    with fake_studio(tmp_path_factory.mktemp("following"), STEP_S) as server:
        yield server


def started(browser: Browser, url: str, steps: int) -> Page:
    """A new device on which a job is running, its address in the address bar."""
    page = opened(browser, url)
    begin(page, steps)
    return page


def stopped(page: Page) -> None:
    """The job is stopped, and the device is gone."""
    stop(page)
    page.context.close()


def second_tab(page: Page) -> Page:
    """Another tab of the same browser, on which another clip was asked for."""
    tab = page.context.new_page()
    tab.goto(page.url)
    expect(tab.get_by_role("button", name="New picture")).to_be_visible(timeout=BACK_MS)
    tab.get_by_role("button", name="New picture").click()
    give(tab, STILLS / "lake.jpg")
    tab.get_by_role("button", name="Animate").click()
    return tab


def test_a_reload_and_another_device_come_back_to_the_running_job(browser: Browser, fake_server: Server) -> None:
    page = started(browser, fake_server.url, 100)
    expect(page.locator("#progress")).to_contain_text("Step", timeout=BACK_MS)
    address = page.url
    page.reload()
    expect(page.locator("#progress")).to_contain_text("Step", timeout=BACK_MS)
    assert page.url == address
    expect(page.get_by_role("button", name="Stop")).to_be_enabled()
    other = opened(browser, address)
    expect(other.locator("#progress")).to_contain_text("Step", timeout=BACK_MS)
    # who has the address may watch, and not stop
    other.get_by_role("button", name="Stop").click()
    expect(other.get_by_text("started by somebody else")).to_be_visible(timeout=BACK_MS)
    expect(other.locator("#progress")).to_contain_text("Step")
    other.context.close()
    stopped(page)


def test_a_finished_job_is_there_at_its_address_on_every_device(browser: Browser, fake_server: Server) -> None:
    page = started(browser, fake_server.url, 2)
    expect(page.locator("#stage video")).to_be_visible(timeout=CLIP_MS)
    other = opened(browser, page.url)
    expect(other.locator("#stage video")).to_be_visible(timeout=BACK_MS)
    assert other.url == page.url
    assert other.locator("#result code").inner_text() == page.locator("#result code").inner_text()
    other.context.close()
    page.get_by_role("button", name="New picture").click()
    expect(page).to_have_url(f"{fake_server.url}/")
    page.reload()
    expect(page.locator("#upload")).to_be_visible(timeout=BACK_MS)
    expect(page.locator("#stage video")).to_have_count(0)
    page.context.close()


def test_two_tabs_of_one_browser_do_not_collide(browser: Browser, fake_server: Server) -> None:
    one = started(browser, fake_server.url, 30)
    two = second_tab(one)
    expect(two).not_to_have_url(one.url)
    expect(two.locator("#progress")).to_contain_text("Waiting: number 1 in the queue")
    mine = one.url
    one.reload()
    expect(one.locator("#progress")).to_contain_text("Step", timeout=BACK_MS)
    assert one.url == mine
    stop(two)
    expect(one.get_by_role("button", name="Stop")).to_be_enabled()
    stopped(one)


def test_a_restart_of_the_server_loses_nothing_and_the_open_page_goes_on(browser: Browser, tmp_path: Path) -> None:
    with fake_studio(tmp_path, STEP_S) as server:
        page = started(browser, server.url, 36)
        expect(page.locator("#progress")).to_contain_text(re.compile("Step ([6-9]|1.) of 36"), timeout=BACK_MS)
        address = page.url
    with fake_studio(tmp_path, STEP_S, port=int(server.url.rpartition(":")[2])):
        expect(page.locator("#progress")).to_contain_text("Step", timeout=BACK_MS)
        expect(page.locator("#stage video")).to_be_visible(timeout=CLIP_MS)
        assert page.url == address
        # the picture is known still
        page.get_by_role("button", name="Animate").click()
        expect(page).not_to_have_url(address)
        stopped(page)


def test_a_full_queue_says_when_to_come_back(browser: Browser, fake_server: Server) -> None:
    page = started(browser, fake_server.url, 100)
    expect(page.locator("#progress")).to_contain_text("Step", timeout=BACK_MS)
    tabs = [page]
    for _ in range(3):
        tab = second_tab(page)
        expect(tab.locator("#progress")).to_contain_text("Waiting")
        tabs.append(tab)
    last = second_tab(page)
    expect(last.locator("#progress").get_by_role("alert")).to_contain_text(
        re.compile("You have 3 clips waiting.*Try again in about [0-9]+ s")
    )
    for tab in reversed(tabs[1:]):
        stop(tab)
    stopped(page)


@pytest.mark.parametrize("path", ["jobs/" + "0" * 32, "jobs/nonsense", "jobs/..%2f..%2fetc"])
def test_an_address_that_nobody_was_given_is_a_page_in_plain_words(
    browser: Browser, fake_server: Server, path: str
) -> None:
    page = browser.new_context().new_page()
    answer = page.goto(f"{fake_server.url}/{path}")
    assert answer is not None and answer.status == 404
    if "%2f" not in path:
        expect(page.locator("h1")).to_contain_text("There is no such clip here")
        page.get_by_role("link", name="Open the studio").click()
        page.get_by_role("button", name="Animate").wait_for()
    page.context.close()


def test_programs_are_answered_in_json(fake_server: Server) -> None:
    answer = httpx.get(f"{fake_server.url}/jobs/{'0' * 32}")
    assert (answer.status_code, answer.json()["error"]) == (404, "There is no such clip here.")
