"""The Models page in a real browser: what is added while the studio runs, in a terminal or on the page itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.conftest import ROOT, Server, free_port, served
from tests.tiny_svd import make_tiny_svd
from tests.ui.over_http import visitor_of
from tests.ui.studio import choose, opened, owner_address
from ui.models_page import ELSEWHERE

ADDED_MS = 70_000
"""Longest wait for the sentence: a little more than the command may take."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A studio of its own, with no hub within reach."""
    folder = tmp_path_factory.mktemp("models")
    with served(folder, HF_HUB_OFFLINE="1", HF_HOME=str(folder / "hub"), STILLMOTION_SVD_PATH="") as running:
        yield running


@pytest.fixture
def page(context: BrowserContext, server: Server) -> Page:
    """The studio, open for its owner."""
    page = context.new_page()
    page.goto(owner_address(server))
    page.get_by_role("button", name="Animate").wait_for()
    return page


def models_of(page: Page) -> None:
    """The Models page once it is up to date."""
    page.get_by_role("tab", name="Models").click()
    expect(page.get_by_role("button", name="Add", exact=True)).to_be_visible()


def add(page: Page, path: str) -> None:
    page.get_by_label("Folder or .safetensors file on this machine").fill(path)
    page.get_by_role("button", name="Add", exact=True).click()


def offered(page: Page) -> list[str]:
    """What the menu of models offers."""
    page.get_by_role("tab", name="Studio").click()
    page.get_by_label("Model", exact=True).click()
    found = page.get_by_role("option").all_inner_texts()
    page.keyboard.press("Escape")
    return [each.replace("✓", "").strip() for each in found]


def card(page: Page, name: str):
    return page.locator(".model-card", has=page.get_by_role("heading", name=name))


def test_what_is_added_in_a_terminal_is_there_after_a_reload(page: Page, server: Server, tmp_path: Path) -> None:
    folder = make_tiny_svd(tmp_path / "from-a-terminal")
    environment = os.environ | {"STILLMOTION_DATA": str(server.data)}
    subprocess.run([sys.executable, "app.py", "models", "add", str(folder)], cwd=ROOT, env=environment, check=True)
    page.reload()
    models_of(page)
    expect(card(page, "from-a-terminal")).to_contain_text("MB, on this machine")
    page.get_by_role("tab", name="Studio").click()
    choose(page, "Model", "from-a-terminal")
    expect(page.locator("#summary")).to_contain_text("4 frames")
    folder.rename(tmp_path / "elsewhere")
    page.reload()
    models_of(page)
    expect(card(page, "from-a-terminal")).to_contain_text("Not on this machine")
    expect(page.locator("#control-model input")).to_have_value("Pocket")


def test_what_is_like_a_release_leaves_the_release_to_be_fetched(page: Page, tmp_path: Path) -> None:
    folder = make_tiny_svd(tmp_path / "fourteen", num_frames=14)
    models_of(page)
    expect(page.locator("#fetch-svd")).to_be_visible()
    add(page, f'"{folder}"')
    expect(page.locator("#add-said")).to_have_text("fourteen is known as fourteen.", timeout=ADDED_MS)
    expect(card(page, "fourteen")).to_contain_text("Licence: not known")
    expect(page.locator("#fetch-svd")).to_be_visible()
    expect(card(page, "Stable Video Diffusion svd")).to_contain_text("GB, not on this machine")


def test_a_folder_of_ones_own_is_added_on_the_page(page: Page, tmp_path: Path) -> None:
    folder = make_tiny_svd(tmp_path / "from-the-page")
    models_of(page)
    add(page, str(folder))
    expect(page.locator("#add-said")).to_have_text("from-the-page is known as from-the-page.", timeout=ADDED_MS)
    expect(card(page, "from-the-page")).to_contain_text("MB, on this machine")
    expect(page.locator("#control-model input")).to_have_value("Pocket")
    assert "from-the-page" in offered(page)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/no/such/place", "There is no /no/such/place. Check the path."),
        ("--help", "There is no"),
        ("  ", "There is no path. Give the folder or the .safetensors file that you have."),
        ("x" * 200_000, "This is no path."),
    ],
    ids=["nothing there", "an option", "empty", "endless"],
)
def test_a_wrong_path_is_explained(page: Page, path: str, words: str) -> None:
    models_of(page)
    add(page, path)
    expect(page.locator("#add-said").get_by_role("alert")).to_contain_text(words, timeout=ADDED_MS)


def test_a_damaged_list_is_explained_and_the_menu_stays(page: Page, server: Server) -> None:
    before = offered(page)
    remembered = server.data / "models.json"
    kept = remembered.read_text() if remembered.exists() else "[]"
    remembered.write_text("{")
    try:
        page.reload()
        models_of(page)
        expect(page.locator("#models-problem")).to_contain_text("models.json cannot be read. Delete it")
        expect(card(page, "Pocket")).to_be_visible()
        assert offered(page) == before
    finally:
        remembered.write_text(kept)
    page.reload()
    models_of(page)
    expect(page.locator("#models-problem")).to_be_hidden()


def test_a_studio_with_a_damaged_list_does_not_start_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "models.json").write_text("{")
    environment = os.environ | {"STILLMOTION_DATA": str(tmp_path), "PORT": str(free_port())}
    done = subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 2
    assert done.stderr.strip() == f"{tmp_path / 'models.json'} cannot be read. Delete it, and add your models again."


def test_who_is_not_the_owner_sees_no_box_and_is_refused(browser: Browser, server: Server, tmp_path: Path) -> None:
    folder = make_tiny_svd(tmp_path / "a-strangers")
    with visitor_of(server) as client:
        assert ELSEWHERE in by_hand(client, "add-button", [str(folder)])
        # nor does a header make anybody the owner, as a proxy without headers of its own once did
        client.headers["X-Stillmotion-Owner"] = "1"
        assert ELSEWHERE in by_hand(client, "add-button", [str(folder)])
        # a download is not begun either: the answer tells of no clock that runs
        assert "true" not in by_hand(client, "fetch-svd", []).lower()
        client.get(owner_address(server))
        assert "a-strangers is known" in by_hand(client, "add-button", [str(folder)])
    page = opened(browser, server.url)
    page.get_by_role("tab", name="Models").click()
    # the page is up to date, and so it is known who looks
    expect(card(page, "a-strangers")).to_be_visible()
    expect(page.get_by_role("button", name="Add", exact=True)).to_be_hidden()
    expect(page.locator("#fetch-svd-xt")).to_be_hidden()
    expect(page.locator("#models-hint")).to_contain_text("open the owner's address")
    page.context.close()


def by_hand(client: httpx.Client, button: str, values: list[str]) -> str:
    """The answer to the event of a button of the page, sent without the page."""
    config = client.get("/config").json()
    number = next(each["id"] for each in config["components"] if each["props"].get("elem_id") == button)
    event = next(
        each["id"] for each in config["dependencies"] if [number, "click"] in each["targets"] and each["backend_fn"]
    )
    told = {"data": values, "fn_index": event, "session_hash": "byhand"}
    answer = client.post("/gradio_api/run/predict", json=told, timeout=90)
    assert answer.status_code == 200, answer.text
    return unescape(str(answer.json()["data"]))
