"""axe, the field's standard checker, finds nothing to complain of: contrast, labels, landmarks, order."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.conftest import Server
from tests.jobs.watching import holds_within
from tests.ui.studio import CLIP_MS, STILLS, animate, give, make_small

SETTLED_S = 5
"""Seconds in which colours that fade into one another have to arrive."""


def complaints(page: Page) -> list[str]:
    """What axe finds and still finds once nothing moves any more, a line for each place."""
    holds_within(SETTLED_S, lambda: found(page) == [])
    return found(page)


def found(page: Page) -> list[str]:
    """What axe finds now."""
    violations = Axe().run(page).response["violations"]
    return [f"{each['id']}: {node['target']} {node['html'][:100]}" for each in violations for node in each["nodes"]]


@pytest.mark.parametrize("kind", ["light", "dark", "phone"])
def test_the_studio_from_the_empty_page_to_the_shared_clip(page: Page, kind: str) -> None:
    if kind == "dark":
        page.locator("#theme-toggle").click()
    if kind == "phone":
        page.set_viewport_size({"width": 390, "height": 844})
    assert complaints(page) == []
    give(page, STILLS / "otters.jpg")
    for tool in ("Arrow", "Part", "Keep still", "Camera"):
        page.get_by_role("toolbar", name="Say what moves").get_by_role("button", name=tool, exact=True).press("Enter")
    expect(page.get_by_role("group", name="What was said about the motion").get_by_role("button")).to_have_count(6)
    expect(page.get_by_role("group", name="What moves by itself")).to_be_visible(timeout=CLIP_MS)
    assert complaints(page) == []
    make_small(page)
    animate(page)
    for box in ("save-box", "save-more", "share-box"):
        page.locator(f"#{box} > .label-wrap").click()
    page.get_by_label("Title on the picture").fill("Noon")
    page.locator("#make-link").click()
    link = page.locator("#links a").first
    expect(link).to_be_visible()
    assert complaints(page) == []
    page.goto(link.get_attribute("href") or "")
    assert complaints(page) == []


def test_the_other_tabs_and_the_page_for_programs(page: Page, server: Server) -> None:
    for tab in ("Library", "Queue", "Models"):
        page.get_by_role("tab", name=tab).click()
        expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
        assert complaints(page) == [], tab
    page.goto(f"{server.url}/api")
    assert complaints(page) == []
