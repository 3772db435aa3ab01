"""The page follows its job: through reloads, on other devices, in two tabs, over a restart of the server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import Server, new_window
from tests.jobs.watching import holds_within
from tests.ui.over_http import begun, opened_as, visitor_of
from tests.ui.studio import CLIP_MS, STILLS, animate, begin, fake_studio, gate_of, give, held_back, opened, stop

STEP_S = 0.02


@pytest.fixture(scope="module")
def fake_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A studio whose clips are done at once, unless they are held back."""
    with fake_studio(tmp_path_factory.mktemp("following"), STEP_S) as server:
        yield server


@pytest.fixture
def held(fake_server: Server) -> Iterator[None]:
    """No clip is done before the end of the test."""
    with held_back(fake_server):
        yield


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
    expect(tab.get_by_role("button", name="New picture")).to_be_visible()
    tab.get_by_role("button", name="New picture").click()
    give(tab, STILLS / "lake.jpg")
    tab.get_by_role("button", name="Animate").click()
    return tab


@pytest.mark.usefixtures("held")
def test_a_reload_and_another_device_come_back_to_the_running_job(browser: Browser, fake_server: Server) -> None:
    page = started(browser, fake_server.url, 100)
    expect(page.locator("#progress")).to_contain_text("Step")
    address = page.url
    page.reload()
    expect(page.locator("#progress")).to_contain_text("Step")
    assert page.url == address
    expect(page.get_by_role("button", name="Stop")).to_be_enabled()
    other = opened(browser, address)
    expect(other.locator("#progress")).to_contain_text("Step")
    # who has the address may watch, and not stop
    other.get_by_role("button", name="Stop").click()
    expect(other.get_by_text("started by somebody else")).to_be_visible()
    expect(other.locator("#progress")).to_contain_text("Step")
    other.context.close()
    stopped(page)


def test_a_finished_job_is_there_at_its_address_on_every_device(browser: Browser, fake_server: Server) -> None:
    page = started(browser, fake_server.url, 2)
    expect(page.locator("#stage video")).to_be_visible(timeout=CLIP_MS)
    other = opened(browser, page.url)
    expect(other.locator("#stage video")).to_be_visible()
    assert other.url == page.url
    assert other.locator("#result code").text_content() == page.locator("#result code").text_content()
    other.context.close()
    page.get_by_role("button", name="New picture").click()
    expect(page).to_have_url(f"{fake_server.url}/")
    page.reload()
    expect(page.locator("#upload")).to_be_visible()
    expect(page.locator("#stage video")).to_have_count(0)
    page.context.close()


@pytest.mark.usefixtures("held")
def test_keys_start_and_stop(browser: Browser, fake_server: Server) -> None:
    page = opened(browser, fake_server.url)
    page.locator("#examples button[data-name=lake]").click()
    expect(page.locator("#stage img")).to_be_visible(timeout=CLIP_MS)
    page.locator("#stage .stage").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Stop")).to_be_enabled()
    expect(page.locator("#progress")).to_contain_text("Step")
    page.keyboard.press("Escape")
    expect(page.locator("#progress")).to_contain_text("Stopped")
    expect(page.get_by_role("button", name="Animate")).to_be_enabled()
    page.context.close()


def test_stop_really_stops_and_the_studio_goes_on(browser: Browser, fake_server: Server) -> None:
    with held_back(fake_server):
        page = started(browser, fake_server.url, 100)
        address = page.url
        stop(page)
        assert httpx.get(address).json()["state"] == "cancelled"
    animate(page)
    expect(page).not_to_have_url(address)
    page.context.close()


@pytest.mark.usefixtures("held")
def test_two_tabs_of_one_browser_do_not_collide(browser: Browser, fake_server: Server) -> None:
    one = started(browser, fake_server.url, 30)
    two = second_tab(one)
    expect(two).not_to_have_url(one.url)
    expect(two.locator("#progress")).to_contain_text("Waiting: number 1 in the queue")
    mine = one.url
    one.reload()
    expect(one.locator("#progress")).to_contain_text("Step")
    assert one.url == mine
    stop(two)
    expect(one.get_by_role("button", name="Stop")).to_be_enabled()
    stopped(one)


def test_a_restart_of_the_server_loses_nothing_and_the_open_page_goes_on(browser: Browser, tmp_path: Path) -> None:
    with fake_studio(tmp_path, STEP_S) as server:
        gate_of(server).close_after("sampling", 6)
        page = started(browser, server.url, 36)
        expect(page.locator("#progress")).to_contain_text("Step 6 of 36")
        address = page.url
    gate_of(server).close_after("sampling", 8)
    with fake_studio(tmp_path, STEP_S, port=int(server.url.rpartition(":")[2])):
        expect(page.locator("#progress")).to_contain_text("Step 8 of 36", timeout=CLIP_MS)
        gate_of(server).open()
        expect(page.locator("#stage video")).to_be_visible(timeout=CLIP_MS)
        assert page.url == address
        # the picture is known still
        with held_back(server):
            page.get_by_role("button", name="Animate").click()
            expect(page).not_to_have_url(address)
            stopped(page)


@pytest.mark.usefixtures("held")
def test_a_full_queue_says_when_to_come_back(browser: Browser, fake_server: Server) -> None:
    with visitor_of(fake_server) as client:
        first = begun(client, num_inference_steps=100)
        assert holds_within(60, lambda: client.get(f"/jobs/{first}").json()["state"] == "running")
        jobs = [first, *(begun(client, num_inference_steps=100) for _ in range(3))]
        page = opened_as(client, new_window(browser), first)
        last = second_tab(page)
        expect(last.locator("#progress").get_by_role("alert")).to_contain_text(
            re.compile("You have 3 clips waiting.*Try again in about [0-9]+ s")
        )
        for job in reversed(jobs):
            client.post(f"/jobs/{job}/cancel")
        page.context.close()


@pytest.mark.parametrize("path", ["jobs/" + "0" * 32, "jobs/nonsense", "jobs/..%2f..%2fetc"])
def test_an_address_that_nobody_was_given_is_a_page_in_plain_words(
    browser: Browser, fake_server: Server, path: str
) -> None:
    page = new_window(browser).new_page()
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
