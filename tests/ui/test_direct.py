"""Saying what moves, on the picture: by mouse, by finger and by keyboard alone, down to the downloaded file."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from playwright.sync_api import Browser, Locator, Page, expect

from media.recipe import read_recipe
from tests.conftest import MOVING, Server, new_window
from tests.media.clips import decoded
from tests.media.test_camera_motion import filmed
from tests.ui.studio import CLIP_MS, STILLS, animate, give, make_small, opened, saved

LEFT_WATER, RIGHT_WATER = (0.2, 0.86), (0.6, 0.86)
"""Places on the lake, in shares of the stage; the shape of the stage is the still's own."""


def said(page: Page) -> dict[str, Any]:
    """What the tab keeps of what was said."""
    draft = page.evaluate("JSON.parse(sessionStorage.getItem('stillmotion-draft') || 'null')")
    return json.loads(draft["text"])["request"]["direction"] if draft and draft["text"] else {}


def expect_said(page: Page, wanted: dict[str, Any]) -> None:
    script = """wanted => {
      const draft = JSON.parse(sessionStorage.getItem('stillmotion-draft') || 'null');
      return draft?.text && JSON.stringify(JSON.parse(draft.text).request.direction) === wanted;
    }"""
    page.wait_for_function(script, arg=json.dumps(wanted, separators=(",", ":")), timeout=20_000)


def tool(page: Page, name: str) -> Locator:
    return page.get_by_role("toolbar", name="Say what moves").get_by_role("button", name=name, exact=True)


def place(page: Page, share: tuple[float, float]) -> tuple[float, float]:
    page.locator(".stage").scroll_into_view_if_needed()
    box = page.locator(".stage").bounding_box()
    assert box is not None
    return box["x"] + share[0] * box["width"], box["y"] + share[1] * box["height"]


def drag(page: Page, *shares: tuple[float, float]) -> None:
    first, *others = (place(page, share) for share in shares)
    page.mouse.move(*first)
    page.mouse.down()
    for other in others:
        page.mouse.move(*other, steps=6)
    page.mouse.up()


def test_what_was_drawn_by_mouse_is_what_moves_in_the_downloaded_file(page: Page, tmp_path: Path) -> None:
    give(page, STILLS / "lake.jpg")
    make_small(page, frames=12)
    tool(page, "Arrow").click()
    drag(page, LEFT_WATER, RIGHT_WATER)
    expect(page.locator(".directing .arrow")).to_have_count(1)
    expect(page.get_by_role("listitem").filter(has_text="Arrow A")).to_contain_text("to the right")
    page.get_by_label("Only this moves").check()
    animate(page)
    assert said(page)["only"] is True
    file = saved(page, page.get_by_role("link", name="Download").first, tmp_path)
    recipe = read_recipe(file)["request"]["direction"]
    assert recipe["only"] is True
    assert len(recipe["arrows"]) == 1
    frames, _ = decoded(file)
    grey = [cv2.cvtColor(frames[index], cv2.COLOR_RGB2GRAY) for index in (8, 9)]
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(*grey, None)
    height, width = flow.shape[:2]
    across, down = np.median(flow[int(0.84 * height) : int(0.88 * height), int(0.3 * width) : int(0.5 * width)], (0, 1))
    assert across > 0.5
    assert abs(down) < 0.3 * across
    # what was not drawn on is the still, but for what encoding does
    assert np.abs(frames[9, : height // 2].astype(int) - frames[0, : height // 2]).mean() < 1


def test_each_step_is_taken_back_and_a_reload_keeps_what_was_said(page: Page) -> None:
    give(page, STILLS / "lake.jpg")
    tool(page, "Part").click()
    drag(page, (0.3, 0.3), (0.5, 0.3), (0.5, 0.5), (0.3, 0.5), (0.3, 0.31))
    does = page.get_by_label("Part A: what it does")
    does.select_option("sways")
    tool(page, "Keep still").click()
    page.mouse.click(*place(page, (0.1, 0.9)))
    tool(page, "Camera").click()
    drag(page, (0.5, 0.5), (0.55, 0.45))
    expect(page.locator(".directing .cut")).to_be_visible()
    page.get_by_label("Loops").check()
    page.wait_for_function(
        "JSON.parse(JSON.parse(sessionStorage.getItem('stillmotion-draft')).text).request.direction.loop"
    )
    kept = said(page)
    assert kept["regions"][0]["do"] == "sway"
    assert kept["anchors"] == [[100, 900]]
    assert kept["camera"]["keys"][1]["x"] > 520
    page.reload()
    expect(page.locator(".directing .cut")).to_be_visible(timeout=CLIP_MS)
    expect(does).to_have_value("sway")
    expect(page.get_by_label("Loops")).to_be_checked()
    expect_said(page, kept)
    tool(page, "Keep still").click()
    page.mouse.click(*place(page, (0.9, 0.9)))
    expect(page.get_by_text("2 still places")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(page.get_by_text("1 still place")).to_be_visible()
    expect_said(page, kept)
    page.get_by_role("button", name="Redo").click()
    expect(page.get_by_text("2 still places")).to_be_visible()


def test_the_camera_goes_a_usual_way_or_as_in_another_clip(page: Page, tmp_path: Path) -> None:
    give(page, STILLS / "lake.jpg")
    tool(page, "Camera").click()
    page.get_by_role("button", name="Camera goes left").click()
    page.get_by_label("Camera: pace").select_option("evenly")
    ends = [{"x": 600, "zoom": 1.25}, {"t": 1, "x": 400, "zoom": 1.25}]
    expect_said(page, {"camera": {"keys": ends, "ease": "linear"}})
    clip = filmed(tmp_path / "clip.mp4", [np.array([0.5, 0.5, 1.2, 0]), (0.5, 0.5, 1.8, 0)])
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="As in a clip…").click()
    chooser.value.set_files(clip)
    expect(page.get_by_role("listitem").filter(has_text="Camera")).to_contain_text("16 places")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="As in a clip…").click()
    chooser.value.set_files(STILLS / "cat.jpg")
    expect(page.get_by_text("cannot be read as an MP4 clip")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="Camera")).to_contain_text("16 places")


def test_by_keyboard_alone(page: Page) -> None:
    give(page, STILLS / "lake.jpg")
    tool(page, "Arrow").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".directing [aria-label^='Arrow A']:focus")).to_have_count(1)
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowRight")
    expect_said(page, {"arrows": [{"path": [[400, 600], [650, 630]]}]})
    tool(page, "Camera").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Camera: roll").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("sessionStorage.getItem('stillmotion-draft').includes('roll')")
    assert said(page)["camera"]["keys"][1]["roll"] == 0.5
    page.locator(".directing [aria-label='Arrow A, start']").focus()
    page.keyboard.press("Delete")
    expect(page.locator(".directing .arrow")).to_have_count(0)
    page.get_by_role("button", name="Undo").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".directing .arrow")).to_have_count(1)


def test_by_finger_on_a_phone_and_a_new_picture_begins_anew(browser: Browser, server: Server) -> None:
    phone = new_window(browser, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = phone.new_page()
    page.goto(server.url)
    page.get_by_role("button", name="Animate").wait_for()
    give(page, STILLS / "lake.jpg")
    tool(page, "Arrow").tap()
    touch = phone.new_cdp_session(page)
    first, last = ({"x": x, "y": y} for x, y in (place(page, LEFT_WATER), place(page, RIGHT_WATER)))
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [first]})
    for share in (0.25, 0.5, 0.75, 1.0):
        point = {"x": first["x"] + share * (last["x"] - first["x"]), "y": first["y"]}
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page.locator(".directing .arrow")).to_have_count(1)
    page.get_by_label("Loops").check()
    page.wait_for_function("sessionStorage.getItem('stillmotion-draft')?.includes('loop')")
    arrow = said(page)["arrows"][0]["path"]
    assert np.allclose(arrow[0], [200, 860], atol=12)
    assert np.allclose(arrow[-1], [600, 860], atol=12)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    sizes = page.locator(".direct button, .direct label").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect().height)"
    )
    assert min(sizes) >= 44
    page.get_by_role("button", name="New picture").click()
    give(page, STILLS / "cat.jpg")
    expect(page.locator(".directing .arrow")).to_have_count(0)
    expect_said(page, {"loop": True})
    phone.close()


def test_what_was_found_is_switched_off_and_a_tapped_thing_is_outlined(page: Page) -> None:
    page.emulate_media(reduced_motion=MOVING)
    give(page, STILLS / "heron.jpg")
    leaves = page.get_by_role("group", name="What moves by itself").get_by_role("button", name="leaves sway")
    expect(leaves).to_have_attribute("aria-pressed", "true", timeout=CLIP_MS)
    leaves.click()
    expect_said(page, {"calm": ["plants"]})
    expect(page.locator(".stage .sketch")).to_be_visible(timeout=CLIP_MS)
    tool(page, "Part").click()
    page.mouse.click(*place(page, (0.5, 0.55)))
    outline = page.locator(".directing .outline")
    expect(outline).to_have_count(1, timeout=CLIP_MS)
    bird = outline.bounding_box()
    stage = page.locator(".stage").bounding_box()
    assert bird and stage
    # the heron stands upright in the middle of the picture
    assert 0.1 < bird["width"] / stage["width"] < 0.3
    assert 0.3 < bird["height"] / stage["height"] < 0.6
    page.wait_for_function("sessionStorage.getItem('stillmotion-draft').includes('outlines')")
    assert said(page)["regions"][0]["do"] == "still"


def test_a_sheet_of_takes_plays_and_a_click_takes_its_settings(page: Page) -> None:
    give(page, STILLS / "lake.jpg")
    page.get_by_role("button", name="12 variations").click()
    takes = page.get_by_role("group", name="Variations").get_by_role("button")
    expect(takes).to_have_count(12, timeout=CLIP_MS)
    amounts = takes.evaluate_all("all => all.map(e => Number(e.title.match(/Amount (\\d+)/)[1]))")
    motions = takes.evaluate_all("all => all.map(e => parseFloat(e.textContent.split('·')[1]))")
    assert np.mean(np.array(motions)[np.array(amounts) == 200]) > np.mean(np.array(motions)[np.array(amounts) == 64])
    seed = int(re.findall(r"seed (\d+)", takes.nth(5).get_attribute("title") or "")[0])
    takes.nth(5).click()
    expect(takes).to_have_count(0)
    script = "seed => JSON.parse(JSON.parse(sessionStorage.getItem('stillmotion-draft')).text).request.seed === seed"
    page.wait_for_function(script, arg=seed)
    page.get_by_role("button", name="12 variations").click()
    expect(takes).not_to_have_count(0, timeout=CLIP_MS)
    page.get_by_role("button", name="Stop drawing").click()
    expect(page.get_by_role("button", name="12 variations")).to_be_visible()


def test_a_clip_ends_with_another_picture_that_a_reload_and_another_take_keep(page: Page, tmp_path: Path) -> None:
    give(page, STILLS / "lake.jpg")
    make_small(page, frames=8)
    with page.expect_file_chooser() as chooser:
        tool(page, "Ends with…").click()
    chooser.value.set_files(STILLS / "cat.jpg")
    row = page.get_by_role("listitem").filter(has_text="Ends with")
    expect(row.locator("img")).to_be_visible()
    page.get_by_label("Loops").check()
    expect(page.get_by_label("Comes by A: when")).to_have_value("0.5")
    page.get_by_label("Loops").uncheck()
    animate(page)
    file = saved(page, page.get_by_role("link", name="Download").first, tmp_path)
    frames, _ = decoded(file)
    cat = cv2.cvtColor(cv2.imread(str(STILLS / "cat.jpg")), cv2.COLOR_BGR2RGB).mean((0, 1))
    assert np.abs(frames[-1].mean((0, 1)) - cat).max() < 25
    assert np.abs(frames[0].mean((0, 1)) - cat).max() > 25
    page.reload()
    page.get_by_role("button", name="Another take").click()
    expect(page.get_by_role("button", name="Animate", exact=True)).to_be_enabled(timeout=CLIP_MS)
    expect(page.get_by_role("button", name="Another take")).to_be_visible(timeout=CLIP_MS)
    tool(page, "Arrow").click()
    expect(row.locator("img")).to_be_visible()
    page.get_by_role("button", name="Remove Ends with").click()
    expect(row).to_have_count(0)


def test_a_model_that_does_not_follow_says_so_before_the_run(page: Page) -> None:
    give(page, STILLS / "lake.jpg")
    page.get_by_label("Loops").check()
    tool(page, "Keep still").click()
    page.mouse.click(*place(page, (0.1, 0.9)))
    page.get_by_label("Model", exact=True).click()
    page.get_by_role("option", name=re.compile("^Stable Video Diffusion XT$")).click()
    expect(page.locator("#summary")).to_contain_text("loops, or goes where it was told to; not both")
    page.get_by_label("Loops").uncheck()
    expect(page.locator("#summary")).not_to_contain_text("not both")


def test_settings_of_a_file_bring_what_was_said_to_another_browser(
    browser: Browser, server: Server, page: Page, tmp_path: Path
) -> None:
    give(page, STILLS / "lake.jpg")
    make_small(page, frames=4)
    tool(page, "Arrow").click()
    drag(page, LEFT_WATER, RIGHT_WATER)
    animate(page)
    file = saved(page, page.get_by_role("link", name="Download").first, tmp_path)
    wanted = read_recipe(file)["request"]["direction"]
    other = opened(browser, server.url)
    give(other, STILLS / "lake.jpg")
    with other.expect_file_chooser() as chooser:
        other.get_by_role("button", name="Settings from a clip").click()
    chooser.value.set_files(file)
    expect(other.locator(".directing .arrow")).to_have_count(1, timeout=CLIP_MS)
    expect_said(other, wanted)
    other.context.close()
