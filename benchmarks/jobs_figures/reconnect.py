"""How soon a page is back at its job: after a reload, on another device, after a restart of the server."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.jobs_figures.bench import STILL, Effort, Studio
from benchmarks.jobs_figures.fake_model import Speed
from benchmarks.report import Figure

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAME = "progress back, slowest of all"

BAR_S, GOAL_S = 3.0, 1.5

SPEED = Speed(step_s=1.0)
"""A hundred seconds a clip: it outlasts one round of all that is done to its page."""

PATIENCE_MS = 60_000

PROGRESS = re.compile("Step [0-9]+ of")


def reconnect_figures(folder: Path, effort: Effort) -> list[Figure]:
    """Seconds until the progress is shown again."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        return [Figure(NAME, None, "s", BAR_S, GOAL_S, True, f"needs a browser: {error}")]
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        except Error as error:
            return [Figure(NAME, None, "s", BAR_S, GOAL_S, True, f"needs a browser: {error.message.splitlines()[0]}")]
        times, same = _measure(browser, folder, effort.reconnects)
        browser.close()
    note = "; ".join(f"{name} {max(found):.2f} s" for name, found in times.items())
    slowest = max(max(found) for found in times.values())
    return [
        Figure(NAME, slowest, "s", BAR_S, GOAL_S, True, f"{note}; {effort.reconnects} of each"),
        Figure("pages that came back to another job", len(same) - sum(same), "", 0, 0, True),
    ]


def _measure(browser: Browser, folder: Path, count: int) -> tuple[dict[str, list[float]], list[bool]]:
    studio = Studio(folder, SPEED.environment() | {"STILLMOTION_WORKERS": "1"})
    studio.start()
    times: dict[str, list[float]] = {"reload": [], "second device": [], "server restart": []}
    same: list[bool] = []
    try:
        for _ in range(count):
            same += _round(browser, studio, times)
    finally:
        studio.stop()
    return times, same


def _round(browser: Browser, studio: Studio, times: dict[str, list[float]]) -> list[bool]:
    """All that is done to the page of one job; whether each page was at this job's address afterwards."""
    page = _running(browser, studio.url)
    address = page.url
    times["reload"].append(_timed(page, lambda: page.reload(wait_until="commit")))
    other = browser.new_context().new_page()
    times["second device"].append(_timed(other, lambda: other.goto(address, wait_until="commit")))
    same = [page.url == address, other.url == address]
    other.context.close()
    times["server restart"].append(_restart(studio, page))
    same.append(page.url == address)
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("Stopped").wait_for(timeout=PATIENCE_MS)
    page.context.close()
    return same


def _running(browser: Browser, url: str) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.goto(url)
    page.locator("#upload input[type=file]").first.set_input_files(STILL)
    page.get_by_role("button", name="Details").click(timeout=PATIENCE_MS)
    box = page.locator("#control-num_inference_steps input[type=number]")
    box.fill("100")
    box.press("Tab")
    page.locator("#stage img").first.wait_for(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Animate").click()
    page.wait_for_url(re.compile("/jobs/"), timeout=PATIENCE_MS)
    page.get_by_text(PROGRESS).wait_for(timeout=PATIENCE_MS)
    return page


def _timed(page: Page, come_back: object) -> float:
    begun = time.monotonic()
    come_back()  # type: ignore[operator]
    page.get_by_text(PROGRESS).wait_for(timeout=PATIENCE_MS)
    return time.monotonic() - begun


def _restart(studio: Studio, page: Page) -> float:
    """From the server's first answer until the page, which was open all the time, shows a step that is new."""
    studio.kill()
    before = page.get_by_text(PROGRESS).first.inner_text()
    studio.start()
    begun = time.monotonic()
    page.wait_for_function(
        "before => { const now = document.querySelector('#progress')?.innerText ?? '';"
        " return /Step [0-9]+ of/.test(now) && !now.startsWith(before.split(' of')[0] + ' of'); }",
        arg=before,
        timeout=PATIENCE_MS,
    )
    return time.monotonic() - begun
