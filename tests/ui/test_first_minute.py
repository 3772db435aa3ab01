"""The first minute with the studio: the right thing is handed over, nothing chosen is lost, by all hands."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.conftest import CALM, MOVING, Server, new_window
from tests.ui.studio import (
    STILLS,
    animate,
    choose,
    fake_studio,
    give,
    held_back,
    make_short,
    opened,
    saved,
    set_to,
    shape,
    unfold,
)

SHARE_SHEET = """
navigator.canShare = (told) => told.files.every((file) => file.type.startsWith("video/"));
navigator.share = async (told) => {
  window.sent = { names: told.files.map((file) => file.name), bytes: told.files[0].size, others: Object.keys(told) };
};
"""
"""In place of a phone's: the one of headless Chromium does not exist."""


SMALL_TARGETS = """
() => [...document.querySelectorAll("button, a.download, summary, [role=tab]")]
  .filter((each) => each.offsetParent && each.getBoundingClientRect().height < 43.5)
  .map((each) => each.id || each.textContent.trim() || each.getAttribute("aria-label"))
"""
"""Names of what is to be pressed and is lower than 44 pixels."""

LISTEN = """
window.heard = [];
const place = document.querySelector("#announced");
new MutationObserver(() => place.textContent && heard.push(place.textContent)).observe(place, { childList: true });
"""
"""Keeps what a screen reader would say."""


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A studio whose clips are done at once, unless they are held back."""
    with fake_studio(tmp_path_factory.mktemp("first-minute"), 0.01) as server:
        yield server


@pytest.fixture
def page(browser: Browser, studio: Server) -> Iterator[Page]:
    """A laptop that has never been here."""
    page = opened(browser, studio.url)
    yield page
    page.context.close()


@pytest.fixture
def upright(tmp_path: Path) -> Path:
    """A photo as phones take them, named by a person."""
    path = tmp_path / "Grandma's garden.jpg"
    with Image.open(STILLS / "tea-gardens.jpg") as picture:
        picture.crop((0, 0, 810, 1080)).save(path)
    return path


def seed_of(page: Page) -> str:
    return page.locator("#result code").text_content() or ""


def test_something_moves_and_says_what_this_is_before_the_first_click(browser: Browser, studio: Server) -> None:
    for motion, moves in ((MOVING, True), (CALM, False)):
        page = new_window(browser, reduced_motion=motion, locale="ja-JP").new_page()
        page.goto(studio.url)
        expect(page.get_by_text("Turn a photo into a moving clip.")).to_be_visible()
        video = page.locator(".hero video")
        if moves:
            page.wait_for_function("document.querySelector('.hero video').currentTime > 0.1")
        assert video.evaluate("v => v.paused") is not moves
        # the words are English, whatever the browser would like
        expect(page.locator("html")).to_have_attribute("lang", "en")
        if not moves:
            # a clip that was asked for waits to be played
            give(page, STILLS / "lake.jpg")
            make_short(page)
            animate(page)
            assert page.locator("#stage video").evaluate("v => v.paused && v.poster !== ''")
        page.context.close()


def test_from_a_phone_an_upright_photo_is_sent_as_an_upright_clip(
    browser: Browser, studio: Server, upright: Path
) -> None:
    phone = new_window(browser, viewport={"width": 390, "height": 844}, has_touch=True)
    phone.add_init_script(SHARE_SHEET)
    page = phone.new_page()
    page.goto(studio.url)
    # three acts: choose the photo, Animate, Send
    give(page, upright)
    page.get_by_role("button", name="Animate").tap()
    expect(page.locator("#stage video")).to_be_in_viewport()
    page.wait_for_function("document.querySelector('#stage video').readyState >= 1")
    width, height = page.locator("#stage video").evaluate("v => [v.videoWidth, v.videoHeight]")
    assert abs(width / height - 3 / 4) < 0.03
    page.get_by_role("button", name="Send", exact=True).tap()
    page.wait_for_function("window.sent")
    sent = page.evaluate("window.sent")
    assert sent["names"] == ["Grandma's garden.mp4"]
    assert sent["bytes"] > 1000
    # no link to a computer that nobody else reaches
    assert sent["others"] == ["files"]
    low = page.evaluate(SMALL_TARGETS)
    assert low == [], "too low for a finger"
    # on a low screen the bar that stays would leave no room for anything else
    assert page.locator("#run-row").evaluate("row => getComputedStyle(row).position") == "fixed"
    page.set_viewport_size({"width": 320, "height": 256})
    assert page.locator("#run-row").evaluate("row => getComputedStyle(row).position") == "static"
    phone.close()


def test_what_is_on_the_stage_is_what_is_downloaded_and_a_new_picture_clears_it(page: Page, tmp_path: Path) -> None:
    give(page, STILLS / "cat.jpg")
    make_short(page)
    animate(page)
    plain = saved(page, page.get_by_role("link", name="Download", exact=True), tmp_path)
    unfold(page, "Save")
    page.locator("#finish-title textarea, #finish-title input").fill("Miau")
    page.get_by_role("button", name="Show on the stage").click()
    page.wait_for_function("document.querySelector('#stage video').src.includes('finish=')")
    titled = saved(page, page.get_by_role("link", name="Download", exact=True), tmp_path)
    assert plain.read_bytes() != titled.read_bytes()
    assert plain.name.startswith("cat") and titled.name.startswith("cat")
    page.locator("#examples button[data-name=lake]").click()
    expect(page.locator("#stage img[alt='The frame that the model will see']")).to_be_visible()
    expect(page.get_by_role("link", name="Download")).to_have_count(0)
    assert "/jobs/" not in page.url


def test_a_reload_keeps_the_picture_and_every_control(page: Page) -> None:
    give(page, STILLS / "cat.jpg")
    set_to(page, "motion_bucket_id", 90)
    shape(page, "1:1")
    expect(page.locator("#summary")).to_contain_text("768x768")
    page.reload()
    expect(page.locator("#stage img[alt='The frame that the model will see']")).to_be_visible()
    expect(page.locator("#control-motion_bucket_id input[type=number]")).to_have_value("90")
    expect(page.locator("#shape").get_by_label("1:1")).to_be_checked()
    expect(page.locator("#summary")).to_contain_text("768x768")
    make_short(page)
    animate(page)
    seed = seed_of(page)
    # what was changed after the clip was made is kept beside it
    set_to(page, "motion_bucket_id", 30)
    page.reload()
    expect(page.locator("#stage video")).to_be_visible()
    assert seed_of(page) == seed
    expect(page.locator("#control-motion_bucket_id input[type=number]")).to_have_value("30")
    # on another day, in another tab, the controls are those of the clip
    tab = page.context.new_page()
    tab.goto(page.url)
    expect(tab.locator("#stage video")).to_be_visible()
    expect(tab.locator("#control-motion_bucket_id input[type=number]")).to_have_value("90")
    expect(tab.locator("#shape").get_by_label("1:1")).to_be_checked()
    # Animate makes another take, not the same clip again
    unfold(tab, "Details")
    expect(tab.locator("#control-seed input")).to_have_value("-1")


def test_length_and_smoothness_are_told_in_seconds(page: Page) -> None:
    give(page, STILLS / "lake.jpg")
    length = page.locator("#length input[type=number]")
    length.fill("2")
    length.press("Tab")
    expect(page.locator("#summary")).to_contain_text("2.0 s")
    set_to(page, "fps", 12)
    expect(page.locator("#summary")).to_contain_text("24 frames")


def test_a_picture_is_pasted_or_dropped_anywhere(page: Page) -> None:
    content = base64.b64encode((STILLS / "heron.jpg").read_bytes()).decode()
    hand_over = """([kind, content, name, type]) => {
      const bytes = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
      const given = new DataTransfer();
      given.items.add(new File([bytes], name, { type }));
      const event = kind === "paste"
        ? new ClipboardEvent("paste", { clipboardData: given, bubbles: true, cancelable: true })
        : new DragEvent("drop", { dataTransfer: given, bubbles: true, cancelable: true });
      document.querySelector("#summary").dispatchEvent(event);
      return event.defaultPrevented;
    }"""
    for kind, wanted in (("paste", "16:9"), ("drop", "1:1")):
        assert page.evaluate(hand_over, [kind, content, "heron.jpg", "image/jpeg"]), (
            "left to the browser, which would leave the page"
        )
        expect(page.locator("#stage img[alt='The frame that the model will see']")).to_be_visible()
        shape(page, wanted)
        page.get_by_role("button", name="New picture").click()
        expect(page.locator(".hero")).to_be_visible()
    # anything else is told from a picture, and not left to the browser either
    assert page.evaluate(hand_over, ["drop", content, "letter.txt", "text/plain"])
    expect(page.get_by_role("alert")).to_contain_text("no picture")


def test_the_next_photo_s_finished_file_is_three_acts_away(page: Page, tmp_path: Path) -> None:
    give(page, STILLS / "heron.jpg")
    make_short(page)
    animate(page)
    unfold(page, "Save")
    page.locator("#finish-title textarea, #finish-title input").fill("Summer")
    choose(page, "Loop", "There and back")
    first = saved(page, page.locator("#make-file"), tmp_path)
    # from here on: choose, Animate, Make the file
    give(page, STILLS / "lake.jpg")
    animate(page)
    second = saved(page, page.locator("#make-file"), tmp_path)
    assert (first.name, second.name) == tuple(f"{name}, there and back, titled.mp4" for name in ("heron", "lake"))


def test_a_run_by_keyboard_and_ear(page: Page, studio: Server) -> None:
    page.evaluate(LISTEN)
    page.locator("#examples button[data-name=lake]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#stage img[alt='The frame that the model will see']")).to_be_visible()
    with held_back(studio):
        page.get_by_role("button", name="Animate").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Stop")).to_be_focused()
        # an open menu is closed, and the run goes on
        page.get_by_label("Camera", exact=True).click()
        expect(page.get_by_role("option").first).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("option")).to_have_count(0)
        expect(page.get_by_role("button", name="Stop")).to_be_enabled()
        # the picture of a run stays where it is
        page.locator("#examples button[data-name=heron]").click()
        expect(page.locator("#progress, #stage")).to_have_count(2)
        expect(page.get_by_role("alert")).to_contain_text("still being made")
        page.get_by_role("button", name="Stop").focus()
    expect(page.locator("#stage video")).to_be_focused()
    page.wait_for_function("document.querySelector('#announced').textContent === 'Your clip is ready.'")
    told = page.evaluate("window.heard")
    assert len(told) <= 4, "not every tenth of a second"
    assert told[-1] == "Your clip is ready."
    unfold(page, "Details")


def test_the_clip_loops_without_a_jump(page: Page) -> None:
    page.emulate_media(reduced_motion=MOVING)
    give(page, STILLS / "lake.jpg")
    animate(page)
    page.wait_for_function("document.querySelector('#stage video').readyState >= 2")
    at = """async (share) => {
      const video = document.querySelector('#stage video');
      video.playbackRate = 0.0625;
      video.currentTime = share * video.duration;
      await new Promise((done) => video.addEventListener('seeked', done, { once: true }));
      await video.play();
      await new Promise((done) => setTimeout(done, 200));
      return Number(getComputedStyle(document.querySelector('#stage .seam')).opacity);
    }"""
    assert page.evaluate(at, 0.99) > 0.8, "the still covers the end"
    assert page.evaluate(at, 0.5) == 0


LARGE_SCREENS = (((1440, 900), 0.45), ((2560, 1440), 0.40))
"""Width and height, and the share of them that the stage takes at least."""


def test_a_large_screen_is_used(page: Page) -> None:
    give(page, STILLS / "lake.jpg")
    make_short(page)
    animate(page)
    address = page.url
    for (width, height), least in LARGE_SCREENS:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("window.scrollTo(0, 0)")
        box = page.locator("#stage .stage").bounding_box()
        assert box is not None
        assert box["width"] * box["height"] / (width * height) >= least
        assert box["y"] + box["height"] <= height
        # the last clips are beside it, each a click away
        expect(page.locator("#recent button")).to_have_count(1)
        page.get_by_role("button", name="New picture").click()
        page.locator("#recent button").click()
        expect(page.locator("#stage video")).to_be_visible()
        assert page.url == address


def test_a_swipe_across_moves_the_crop_and_one_down_scrolls(context: BrowserContext, studio: Server) -> None:
    page = context.new_page()
    page.goto(studio.url)
    give(page, STILLS / "lake.jpg")
    shape(page, "9:16")
    expect(page.locator(".stage.movable.sideways")).to_be_attached()
    assert page.locator(".stage").evaluate("s => getComputedStyle(s).touchAction") == "pan-y pinch-zoom"
    choose(page, "Camera", "Held: only what moves by itself")
    expect(page.locator(".stage.movable.sideways")).to_be_attached()
