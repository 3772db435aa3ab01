"""The Models page in a real browser: what is added while the studio runs, in a terminal or on the page itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from starlette.requests import Request
from ui.at_the_machine import is_at_the_machine

from tests.conftest import LAPTOP, ROOT, Server, free_port, served
from tests.tiny_svd import make_tiny_svd
from tests.ui.studio import choose
from ui.models_page import ELSEWHERE

ADDED_MS = 70_000
"""Longest wait for the sentence: a little more than the command may take."""

PROXIED = {"X-Forwarded-For": "203.0.113.7"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A studio of its own, with no hub within reach."""
    folder = tmp_path_factory.mktemp("models")
    with served(folder, HF_HUB_OFFLINE="1", HF_HOME=str(folder / "hub"), STILLMOTION_SVD_PATH="") as running:
        yield running


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


def test_a_release_is_added_on_the_page_and_needs_no_download(page: Page, tmp_path: Path) -> None:
    folder = make_tiny_svd(tmp_path / "fourteen", num_frames=14)
    models_of(page)
    expect(page.locator("#fetch-svd")).to_be_visible()
    add(page, f'"{folder}"')
    expect(page.locator("#add-said")).to_have_text("Stable Video Diffusion is known as svd.", timeout=ADDED_MS)
    expect(page.locator("#fetch-svd")).to_be_hidden()
    expect(card(page, "Stable Video Diffusion svd")).to_contain_text("GB, on this machine")


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


def test_who_comes_through_a_proxy_sees_no_box_and_is_refused(browser: Browser, server: Server, tmp_path: Path) -> None:
    folder = make_tiny_svd(tmp_path / "a-strangers")
    assert ELSEWHERE in by_hand(server, str(folder), PROXIED)
    assert ELSEWHERE in by_hand(server, str(folder), {"Origin": "https://elsewhere.example"})
    assert "a-strangers is known" in by_hand(server, str(folder), {})
    window = browser.new_context(viewport=LAPTOP, extra_http_headers=PROXIED)
    page = window.new_page()
    page.goto(server.url)
    page.get_by_role("tab", name="Models").click()
    # the page is up to date, and so it is known who looks
    expect(card(page, "a-strangers")).to_be_visible()
    expect(page.get_by_role("button", name="Add", exact=True)).to_be_hidden()
    window.close()


def by_hand(server: Server, path: str, headers: dict[str, str]) -> str:
    """The answer to the page's event, sent without the page."""
    config = httpx.get(f"{server.url}/config").json()
    button = next(each["id"] for each in config["components"] if each["props"].get("elem_id") == "add-button")
    event = next(
        each["id"] for each in config["dependencies"] if [button, "click"] in each["targets"] and each["backend_fn"]
    )
    told = {"data": [path], "fn_index": event, "session_hash": "byhand"}
    answer = httpx.post(f"{server.url}/gradio_api/run/predict", json=told, headers=headers, timeout=90)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"][0])


HERE = ("127.0.0.1", {"host": "127.0.0.1:7860"})


@pytest.mark.parametrize(
    ("client", "headers", "is_here"),
    [
        (*HERE, True),
        ("::1", {"host": "[::1]:7860"}, True),
        ("127.0.0.1", {"host": "localhost:7860", "origin": "http://localhost:7860"}, True),
        ("192.168.0.5", {"host": "127.0.0.1:7860"}, False),
        (None, {"host": "127.0.0.1:7860"}, False),
        ("127.0.0.1", {"host": "192.168.0.2:7860"}, False),
        ("127.0.0.1", {"host": "abc.gradio.live"}, False),
        ("127.0.0.1", {"host": "localhost.example.org"}, False),
        ("127.0.0.1", {"host": "[::1"}, False),
        ("127.0.0.1", {}, False),
        *[
            ("127.0.0.1", {"host": "localhost", name: "127.0.0.1"}, False)
            for name in ("x-forwarded-for", "x-forwarded-host", "forwarded", "x-real-ip", "via")
        ],
        *[
            ("127.0.0.1", {"host": "localhost:7860", "origin": origin}, False)
            for origin in ("null", "https://studio.example", "http://localhost:3000")
        ],
    ],
)
def test_at_the_machine_is_who_comes_straight_from_it(
    client: str | None, headers: dict[str, str], is_here: bool
) -> None:
    scope = {
        "type": "http",
        "client": client and (client, 50000),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    assert is_at_the_machine(gr.Request(Request(scope))) is is_here
