"""Below the clip, in a real browser: save it as something else, share it, and get its settings back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from media.export.facts import probe_export
from media.export.formats import FORMATS
from media.recipe import read_recipe
from tests.conftest import MOVING, Server, new_window
from tests.jobs.watching import holds_within
from tests.ui.over_http import made_clip, opened_as, visitor_of
from tests.ui.studio import CLIP_MS, choose, give, saved, unfold


def open_panel(page: Page, box: str) -> None:
    """Unfold a panel."""
    page.locator(f"#{box} > .label-wrap").click()


def take_settings(page: Page, clip: Path) -> None:
    """Give a clip for its settings."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Settings from a clip").click()
    chooser.value.set_files(clip)


def made_file(page: Page, folder: Path) -> Path:
    """Press Make the file: it is downloaded as soon as it is made."""
    path = saved(page, page.locator("#make-file"), folder)
    expect(page.locator("#download-file a")).to_contain_text("Download")
    return path


@pytest.fixture(scope="module")
def ada(server: Server) -> Iterator[httpx.Client]:
    """Who has made the clip."""
    with visitor_of(server) as client:
        yield client


@pytest.fixture(scope="module")
def job_id(ada: httpx.Client) -> str:
    """One clip for all tests: none of them changes it."""
    return made_clip(ada, num_frames=8, seed=77)


@pytest.fixture
def clip(ada: httpx.Client, job_id: str, context: BrowserContext) -> Page:
    """The page of a finished clip of 8 frames, 256x128, on its maker's browser."""
    page = opened_as(ada, context, job_id)
    expect(page.locator("#afterwards")).to_be_visible()
    return page


GIF = "GIF · for chats and slides"


def test_a_titled_looped_gif_within_a_size_is_three_wishes_and_a_press(
    clip: Page, ada: httpx.Client, job_id: str, tmp_path: Path
) -> None:
    open_panel(clip, "save-box")
    told = clip.locator("#save-told")
    expect(told).to_contain_text("256x128, 24 frames a second", timeout=CLIP_MS)
    clip.get_by_label("Title on the picture").fill("صباح هادئ")
    choose(clip, "Where", "Above")
    choose(clip, "Loop", "There and back")
    choose(clip, "Format", GIF)
    expect(told).to_contain_text("About", timeout=CLIP_MS)
    clip.get_by_label("No larger than (MB)").fill("0.07")
    path = made_file(clip, tmp_path)
    assert path.name == "otters, there and back, titled.gif"
    [found] = ada.get("/jobs", params={"search": "هادئ"}).json()
    assert (found["id"], found["title"]) == (job_id, "صباح هادئ")
    assert 20_000 < path.stat().st_size <= 70_000
    facts = probe_export(path, FORMATS["gif"])
    assert facts.seconds == pytest.approx(14 / 24, abs=0.05)
    assert _is_titled(path)
    expect(clip.locator("#download-file")).to_contain_text(f"{facts.width}x{facts.height}")
    expect(clip.locator("#announced")).to_have_text("The file is made.")
    # what this tab has wished is wished again
    clip.reload()
    expect(clip.get_by_label("Title on the picture")).to_have_value("صباح هادئ")
    expect(clip.get_by_label("Loop", exact=True)).to_have_value("There and back")
    expect(clip.get_by_label("No larger than (MB)")).to_have_value("0.07")
    expect(clip.locator("#download-file")).not_to_be_visible()
    clip.get_by_role("button", name="Any size").click()
    assert made_file(clip, tmp_path).stat().st_size > 70_000
    # what was made is not what is asked for now
    choose(clip, "Loop", "Starts over")
    expect(clip.locator("#download-file")).not_to_be_visible()


def _is_titled(path: Path) -> bool:
    """Whether the first frame is white somewhere in its upper half."""
    with Image.open(path) as picture:
        upper = np.asarray(picture.convert("RGB"))[: picture.height // 2]
    return bool((upper.min(axis=2) > 225).sum() > 20)


def test_what_cannot_be_made_is_said_before_it_is_asked_for(clip: Page) -> None:
    open_panel(clip, "save-box")
    clip.get_by_label("No larger than (MB)").fill("a few")
    expect(clip.locator("#save-told")).to_contain_text("“a few” is no size of a file", timeout=CLIP_MS)
    clip.locator("#make-file").click()
    expect(clip.locator("#saved .problem")).to_contain_text("“a few” is no size of a file")
    choose(clip, "Format", "PNG pictures · the MP4's frames, in a zip")
    expect(clip.get_by_label("No larger than (MB)")).not_to_be_visible()
    clip.get_by_label("Title on the picture").fill("x" * 121)
    clip.locator("#make-file").click()
    expect(clip.locator("#saved .problem")).to_contain_text("The title has 121 letters, and 120 are the most.")
    clip.get_by_label("Title on the picture").fill("ꦲ")
    clip.locator("#make-file").click()
    expect(clip.locator("#saved .problem")).to_contain_text("no typeface here can draw: ꦲ")
    clip.get_by_label("Title on the picture").fill("")
    open_panel(clip, "save-more")
    clip.get_by_label("Frames cut from the start").fill("50")
    clip.get_by_label("Frames cut from the start").press("Tab")
    clip.locator("#make-file").click()
    expect(clip.locator("#saved .problem")).to_contain_text("has no frames 50")


def test_a_long_making_is_seen_to_go_on_and_can_be_stopped(clip: Page, server: Server) -> None:
    open_panel(clip, "save-box")
    open_panel(clip, "save-more")
    choose(clip, "Smoother", "Four times the frames")
    choose(clip, "Larger", "x4")
    choose(clip, "Format", GIF)
    clip.locator("#make-file").click()
    progress = clip.locator("#saved [role=progressbar]")
    expect(clip.locator("#saved")).to_contain_text("of 29", timeout=CLIP_MS)
    expect(progress).not_to_have_attribute("aria-valuenow", "0", timeout=CLIP_MS)
    clip.get_by_role("button", name="Stop making it").click()
    expect(clip.locator("#saved")).to_contain_text("Stopped. No file was made.")
    expect(clip.locator("#announced")).to_have_text("Stopped. No file was made.")
    expect(clip.locator("#stop-making")).not_to_be_visible()
    assert clip.evaluate("document.activeElement.id") == "make-file"
    # what was begun is cleared away, and nothing of it turns up
    made = server.data / "exports"
    assert holds_within(20, lambda: not [*made.rglob("*.partial"), *made.rglob("*-stillmotion.gif")])
    expect(clip.locator("#download-file")).not_to_be_visible()


def test_a_finish_is_seen_on_the_stage_before_it_is_saved(clip: Page) -> None:
    open_panel(clip, "save-box")
    choose(clip, "Loop", "There and back")
    clip.locator("#show-finished").click()
    expect(clip.locator("#stage video[src*='ping-pong']")).to_be_visible(timeout=CLIP_MS)
    clip.wait_for_function("document.querySelector('#stage video').readyState >= 3")
    assert clip.evaluate("document.querySelector('#stage video').duration") == pytest.approx(14 / 24, abs=0.05)


def test_models_make_the_clip_smoother_and_larger_as_a_new_clip(clip: Page) -> None:
    open_panel(clip, "save-box")
    open_panel(clip, "save-more")
    clip.locator("#make-helped").click()
    expect(clip.locator("#helped-words .problem")).to_contain_text("Choose more under Smoother or Larger")
    first = clip.url
    choose(clip, "Smoother", "Twice the frames")
    choose(clip, "Larger", "x2")
    clip.locator("#make-helped").click()
    expect(clip.locator("#progress")).to_contain_text("smoother or larger", timeout=CLIP_MS)
    expect(clip.locator("#result")).to_contain_text("512x256 · 15 frames · 48 fps", timeout=2 * CLIP_MS)
    expect(clip.locator("#result")).to_contain_text("77")
    assert clip.url != first
    # the new clip is smoother and larger already: saving it does nothing on top
    expect(clip.get_by_label("Smoother", exact=True)).to_have_value("As it is")
    expect(clip.get_by_label("Larger", exact=True)).to_have_value("As it is")
    clip.goto(first)
    expect(clip.locator("#result")).to_contain_text("256x128 · 8 frames · 24 fps")


def test_a_link_is_made_opened_by_a_stranger_and_taken_back(clip: Page, browser: Browser) -> None:
    open_panel(clip, "share-box")
    clip.get_by_label("Title of the link").fill("Two otters")
    clip.locator("#make-link").click()
    link = clip.locator("#links a").first
    expect(link).to_be_visible()
    expect(clip.locator("#links")).to_contain_text("on this computer only")
    address = link.get_attribute("href") or ""
    private = new_window(browser, reduced_motion=MOVING)
    page = private.new_page()
    page.goto(address)
    expect(page.get_by_role("heading")).to_have_text("Two otters")
    page.wait_for_function("document.querySelector('video').currentTime > 0.1")
    private.close()
    clip.get_by_role("button", name="Take it back").click()
    expect(clip.locator("#links a")).to_have_count(0)
    assert httpx.get(address).status_code == 410


def test_a_saved_clip_gives_all_settings_back(clip: Page, tmp_path: Path, browser: Browser, server: Server) -> None:
    path = saved(clip, clip.get_by_role("link", name="Download", exact=True), tmp_path)
    assert read_recipe(path)["request"]["seed"] == 77
    other = new_window(browser)
    page = other.new_page()
    page.goto(server.url)
    # a page that is still being drawn may draw a folded control once more with its old value
    expect(page.locator("#summary")).to_contain_text("1024x576 · 85 frames")
    take_settings(page, path)
    expect(page.locator("#summary")).to_contain_text("256x128 · 8 frames")
    unfold(page, "Details")
    expect(page.locator("#control-seed input[type=number]")).to_have_value("77")
    expect(page.locator("#progress")).to_contain_text("The settings of this clip are back")
    other.close()


def test_a_file_without_settings_is_named(page: Page, tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"no clip at all")
    take_settings(page, tmp_path / "clip.mp4")
    expect(page.locator("#progress .problem")).to_contain_text("cannot be read as an MP4 clip")


def test_a_picture_of_ours_brings_its_settings_along(page: Page, tmp_path: Path) -> None:
    from tests.media.export.test_export import exported

    path = exported(tmp_path, "webp", 4, size=(640, 384), recipe='{"request": {"motion_bucket_id": 200, "seed": 5}}')
    give(page, path)
    expect(page.locator("#control-motion_bucket_id input[type=number]")).to_have_value("200")
