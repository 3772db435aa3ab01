"""What tests do with a studio, and on its Studio tab."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

from benchmarks.jobs_figures.fake_model import Gate, Speed
from tests.conftest import FAKE_APP, ROOT, Server, new_window, served

STILLS = ROOT / "assets" / "stills"

CLIP_MS = 60_000
"""Longest wait for a small clip, on a machine that is busy with other tests."""


def fake_studio(folder: Path, step_s: float, port: int = 0, **variables: str) -> AbstractContextManager[Server]:
    """A studio with its data in `folder`, whose clips take `step_s` seconds a step, unless `gate_of` it is closed."""
    told = Speed(step_s=step_s).environment() | Gate(folder / "gate").environment()
    return served(folder, FAKE_APP, port, **variables, **told)


def gate_of(server: Server) -> Gate:
    """What holds the clips of a fake studio back; open at first."""
    return Gate(server.data.parent / "gate")


@contextmanager
def held_back(server: Server) -> Iterator[Gate]:
    """Clips of a fake studio come to step 6 and no further, until the gate is opened or the block ends."""
    gate = gate_of(server)
    gate.close_after("sampling", 6)
    try:
        yield gate
    finally:
        # a test that fails leaves nothing closed to those after it
        gate.open()


def opened(browser: Browser, url: str) -> Page:
    """A new device with the studio open."""
    page = new_window(browser).new_page()
    page.goto(url)
    page.get_by_role("button", name="Animate").wait_for()
    return page


def owner_address(server: Server) -> str:
    """The address that makes a browser the owner's, as the studio has shown it at its start."""
    found = re.search(r"http://\S+/own/\w+", (server.data.parent / "log.txt").read_text())
    assert found is not None
    return found[0]


def give(page: Page, picture: Path) -> None:
    """Upload a picture and wait for its frame."""
    page.locator("#upload input[type=file]").first.set_input_files(picture)
    expect(page.locator("#stage img[alt='The frame that the model will see']")).to_be_visible(timeout=CLIP_MS)


def choose(page: Page, menu: str, option: str) -> None:
    """Choose from a menu."""
    page.get_by_label(menu, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()


def set_to(page: Page, control: str, value: int) -> None:
    """Type a value into a control's box: one that has only just appeared may be drawn once more with its old value."""
    box = page.locator(f"#control-{control} input[type=number]")
    for _ in range(3):
        box.fill(str(value))
        box.press("Tab")
        page.wait_for_timeout(100)
        if box.input_value() == str(value):
            return
    raise AssertionError(f"{control} does not become {value}")


def unfold(page: Page, name: str) -> None:
    """Open a folded box, if it is not open."""
    box = page.get_by_role("button", name=re.compile(f"^{name}\\b"))
    if box.get_attribute("aria-expanded") != "true":
        box.click()
    expect(box).to_have_attribute("aria-expanded", "true")


def shape(page: Page, name: str) -> None:
    """Choose the clip's shape."""
    page.locator("#shape label").filter(has_text=name).click()
    expect(page.locator("#shape").get_by_label(name)).to_be_checked()


def make_small(page: Page, frames: int = 8) -> None:
    """Ask for a small, short clip."""
    shape(page, "16:9")
    unfold(page, "Size")
    choose(page, "Size", "Small")
    unfold(page, "Details")
    set_to(page, "num_frames", frames)
    expect(page.locator("#summary")).to_contain_text(f"576x320 · {frames} frames")


def make_short(page: Page) -> None:
    """Ask for one second, as large as clips are at first."""
    box = page.locator("#length input[type=number]")
    box.fill("1")
    box.press("Tab")
    expect(page.locator("#summary")).to_contain_text("1.0 s · ")


def animate(page: Page) -> None:
    """Press Animate and wait for the clip."""
    page.get_by_role("button", name="Animate").click()
    expect(page.locator("#stage video")).to_be_visible(timeout=CLIP_MS)


def begin(page: Page, steps: int) -> None:
    """Begin a short clip of so many steps; its address is in the address bar then."""
    give(page, STILLS / "cat.jpg")
    make_short(page)
    unfold(page, "Details")
    set_to(page, "num_inference_steps", steps)
    page.get_by_role("button", name="Animate").click()
    page.wait_for_url(re.compile("/jobs/[0-9a-f]{32}$"), timeout=CLIP_MS)


def stop(page: Page) -> None:
    """Press Stop and wait until it is said."""
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#progress")).to_contain_text("Stopped")


def saved(page: Page, link: Locator, folder: Path) -> Path:
    """What a link or button downloads, in `folder` and under the name that the page gives it."""
    with page.expect_download(timeout=CLIP_MS) as download:
        link.click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path
