"""The studio in a real browser, as a newcomer uses it."""

from __future__ import annotations

import io
from pathlib import Path

import av
import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.conftest import CALM, MOVING, Server, new_window
from tests.ui.studio import (
    CLIP_MS,
    STILLS,
    animate,
    choose,
    give,
    make_small,
    owner_address,
    saved,
    set_to,
    shape,
    unfold,
)


def test_a_photo_becomes_a_clip_that_plays_is_saved_outlives_a_reload_and_has_another_take(
    page: Page, tmp_path: Path
) -> None:
    page.emulate_media(reduced_motion=MOVING)
    give(page, STILLS / "otters.jpg")
    make_small(page)
    animate(page)
    video = page.locator("#stage video")
    page.wait_for_function("document.querySelector('#stage video').readyState >= 3")
    page.wait_for_function("document.querySelector('#stage video').currentTime > 0.2")
    assert video.evaluate("v => [v.videoWidth, v.videoHeight]") == [576, 320]
    file = saved(page, page.get_by_role("link", name="Download", exact=True), tmp_path)
    with av.open(str(file)) as clip:
        stream = clip.streams.video[0]
        frames = list(clip.decode(stream))
    assert (len(frames), stream.width, stream.height, float(stream.average_rate)) == (8, 576, 320, 24.0)
    assert file.name == "otters.mp4"
    page.emulate_media(reduced_motion=CALM)
    source, seed = video.get_attribute("src"), page.locator("#result code").text_content()
    page.reload()
    expect(video).to_have_attribute("src", source or "")
    page.get_by_role("button", name="Another take").click()
    expect(page.locator("#result code")).not_to_have_text(seed or "", timeout=CLIP_MS)


def test_a_preview_moves_while_the_clip_is_made(page: Page) -> None:
    previews: list[str] = []
    page.on("response", lambda r: previews.append(r.url) if "preview.webp" in r.url and r.ok else None)
    give(page, STILLS / "lake.jpg")
    make_small(page)
    unfold(page, "Details")
    set_to(page, "num_inference_steps", 100)
    animate(page)
    assert previews
    with Image.open(io.BytesIO(httpx.get(previews[-1].split("?")[0]).content)) as preview:
        assert preview.format == "WEBP"
        assert preview.n_frames > 1


BAD_PICTURES = (
    ("letter.png", b"Dear model,\nplease move.\n" * 40, "plain text"),
    ("cut.jpg", (STILLS / "cat.jpg").read_bytes()[:9000], "cut off"),
    ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
)


def test_no_picture_and_a_bad_one_are_answered_in_plain_words(page: Page, tmp_path: Path) -> None:
    alert = page.locator("#progress").get_by_role("alert")
    page.get_by_role("button", name="Animate").click()
    expect(alert).to_contain_text("no picture yet")
    for name, content, words in BAD_PICTURES:
        (tmp_path / name).write_bytes(content)
        page.locator("#upload input[type=file]").first.set_input_files(tmp_path / name)
        expect(alert).to_contain_text(words)
        assert "Traceback" not in page.content()


def test_presets_move_the_sliders_and_a_moved_slider_leaves_the_preset(page: Page) -> None:
    motion = page.locator("#control-motion_bucket_id input[type=number]")
    page.get_by_role("radio", name="Lively").check(force=True)
    expect(motion).to_have_value("200")
    page.get_by_role("radio", name="Barely there").check(force=True)
    expect(motion).to_have_value("50")
    motion.fill("90")
    motion.press("Tab")
    expect(page.get_by_role("radio", name="Barely there")).not_to_be_checked()


def test_dragging_the_crop_moves_the_frame_that_the_model_sees(page: Page) -> None:
    give(page, STILLS / "astronaut.jpg")
    frame = page.locator("#stage img").first
    shape(page, "9:16")
    expect(page.locator("#stage .stage.movable.sideways")).to_be_attached()
    page.wait_for_function("document.querySelector('#stage img.whole').naturalWidth > 0")
    before = frame.get_attribute("src")
    box = page.locator("#stage .stage").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 300, y + 300, steps=6)
    page.mouse.up()
    expect(frame).not_to_have_attribute("src", before or "")
    unfold(page, "Details")
    expect(page.locator("#control-anchor_x input[type=number]")).to_have_value("0")


def test_motion_fps_and_playback_fps_can_be_parted(page: Page) -> None:
    give(page, STILLS / "lake.jpg")
    make_small(page)
    expect(page.locator("#control-playback_fps")).not_to_be_visible()
    page.get_by_label("Play as fast as it was imagined").uncheck()
    set_to(page, "playback_fps", 12)
    expect(page.locator("#summary")).to_contain_text("0.7 s")
    animate(page)
    expect(page.locator("#result")).to_contain_text("8 frames · 12 fps")


def test_stable_video_diffusion_brings_its_own_controls_and_makes_a_clip(page: Page) -> None:
    give(page, STILLS / "cat.jpg")
    choose(page, "Model", "tiny-svd")
    unfold(page, "Details")
    expect(page.locator("#control-decode_chunk_size")).to_be_visible()
    expect(page.locator("#control-min_guidance_scale input[type=number]")).to_be_visible()
    unfold(page, "Size")
    choose(page, "Size", "Custom")
    set_to(page, "width", 128)
    set_to(page, "height", 64)
    set_to(page, "num_frames", 4)
    set_to(page, "num_inference_steps", 3)
    expect(page.locator("#summary")).to_contain_text("128x64 · 4 frames")
    animate(page)
    expect(page.locator("#result")).to_contain_text("128x64 · 4 frames")


def test_each_model_has_its_own_controls_frames_and_speeds(page: Page) -> None:
    unfold(page, "Details")
    expect(page.locator("#control-num_inference_steps")).to_be_visible()
    expect(page.locator("#control-decode_chunk_size")).not_to_be_visible()
    choose(page, "Model", "Stable Video Diffusion")
    expect(page.locator("#summary")).to_contain_text("1024x576 · 14 frames")
    expect(page.locator("#control-prompt")).not_to_be_visible()
    choose(page, "Model", "Wan 2.2 TI2V 5B")
    expect(page.locator("#control-prompt textarea")).to_be_visible()
    expect(page.locator("#control-negative_prompt textarea")).to_be_visible()
    for unheard in ("#control-motion_bucket_id", "#control-noise_aug_strength", "#control-speed", "#preset"):
        expect(page.locator(unheard)).not_to_be_visible()
    choose(page, "Model", "tiny-svd")
    expect(page.locator("#control-motion_bucket_id")).to_be_visible()
    page.locator("#control-speed").get_by_label("fast", exact=True).check()
    expect(page.locator("#control-num_inference_steps input[type=number]")).to_have_value("10")
    page.locator("#control-speed").get_by_label("exact", exact=True).check()
    expect(page.locator("#control-num_inference_steps input[type=number]")).to_have_value("25")


def test_a_hub_out_of_reach_is_explained_to_the_owner(page: Page, server: Server) -> None:
    page.goto(owner_address(server))
    page.get_by_role("tab", name="Models").click()
    page.locator("#fetch-svd-xt-1-1").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("models add", timeout=60_000)
    assert "Traceback" not in alert.inner_text()


def test_the_models_page_tells_licence_size_place_and_fit(page: Page) -> None:
    page.get_by_role("tab", name="Models").click()
    card = page.locator(".model-card", has_text="Stable Video Diffusion XT 1.1")
    expect(card).to_contain_text("Stability AI Community License")
    expect(card).to_contain_text("4.51 GB, not on this machine")
    pocket = page.get_by_role("heading", name="Pocket pocket", exact=True)
    expect(page.locator(".model-card", has=pocket)).to_contain_text("on this machine")
    for helper, licence in (("RIFE 3.8", "MIT"), ("Real-ESRGAN", "BSD-3-Clause")):
        card = page.locator(".model-card", has_text=helper)
        expect(card).to_contain_text("MB, built in")
        expect(card.get_by_role("link", name=licence)).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_the_page_without_scrolling_sideways(browser: Browser, server: Server, scheme: str) -> None:
    phone = new_window(browser, viewport={"width": 390, "height": 844}, color_scheme=scheme, has_touch=True)
    page = phone.new_page()
    page.goto(server.url)
    page.locator("#examples button").first.wait_for()
    page.locator("#examples button[data-name=heron]").click()
    expect(page.locator("#stage img")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("document.body.classList.contains('dark')") is (scheme == "dark")
    phone.close()


def test_the_page_asks_nobody_else(context, server: Server) -> None:
    asked: list[str] = []
    problems: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.goto(server.url)
    page.locator("#examples button[data-name=lake]").click()
    expect(page.locator("#stage img")).to_be_visible()
    assert [url for url in asked if not url.startswith((server.url, "data:", "blob:"))] == []
    assert problems == []
