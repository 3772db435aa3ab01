"""What tests do on the Studio tab."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.conftest import ROOT

STILLS = ROOT / "assets" / "stills"

CLIP_MS = 60_000
"""Longest wait for a small clip, on a machine that is busy with other tests."""


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


def make_small(page: Page, frames: int = 8) -> None:
    """Ask for a small, short clip."""
    page.get_by_role("button", name="Size and length").click()
    choose(page, "Size", "Small 576x320")
    set_to(page, "num_frames", frames)
    expect(page.locator("#summary")).to_contain_text(f"576x320 · {frames} frames")


def animate(page: Page) -> None:
    """Press Animate and wait for the clip."""
    page.get_by_role("button", name="Animate").click()
    expect(page.locator("#stage video")).to_be_visible(timeout=CLIP_MS)
