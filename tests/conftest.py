"""What several rooms' tests share: a served studio and a real browser."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from filelock import FileLock
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

if TYPE_CHECKING:
    from sqlalchemy import Engine

# Several processes test at once, each with studios and workers of its own: threads that wait for each other on cores
# that others have taken make everything ten times slower. Set before torch is imported, handed on to what is started.
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).parent.parent

LONGEST_FIRST = ("ui", "jobs", "training")
"""Rooms whose files of tests take longest: begun last, one of them would keep one process busy and the others idle."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With `--no-loadscope-reorder`, files go to the processes in this order."""
    items.sort(key=lambda item: _place(item.path.relative_to(ROOT / "tests").parts[0]))


def _place(room: str) -> int:
    return LONGEST_FIRST.index(room) if room in LONGEST_FIRST else len(LONGEST_FIRST)


START_S = 90
"""Longest wait for a server's first answer, on a machine that is busy with other tests."""


@dataclass(frozen=True)
class Server:
    """A running studio."""

    url: str
    data: Path
    process: subprocess.Popen[bytes]


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


APP = ("app.py",)

FAKE_APP = ("-m", "benchmarks.jobs_figures.fake_studio")
"""The same with a model of given speed (`Speed.environment`), for what has to be seen while a clip is made."""


@contextmanager
def served(folder: Path, program: tuple[str, ...] = APP, port: int = 0, **variables: str) -> Iterator[Server]:
    """`python app.py` as a user starts it, with its data in `folder`; at the end of the block it is stopped."""
    server = _start(folder, program, port or free_port(), variables)
    try:
        yield server
    finally:
        _stop(server)


def _start(folder: Path, program: tuple[str, ...], port: int, variables: dict[str, str]) -> Server:
    data, log = folder / "data", folder / "log.txt"
    environment = os.environ | {"PORT": str(port), "STILLMOTION_DATA": str(data)} | variables
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, *program], cwd=ROOT, env=environment, stdout=out, stderr=out, start_new_session=True
        )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + START_S
    # one client for all tries: each new one reads the system's certificates, which takes a core from the studio
    with httpx.Client(timeout=START_S) as client:
        while time.monotonic() < deadline:
            try:
                client.get(url)
                return Server(url, data, process)
            except httpx.TransportError:
                assert process.poll() is None, log.read_text()
                time.sleep(0.1)
    raise AssertionError(f"no answer within {START_S} s: {log.read_text()}")


def _stop(server: Server) -> None:
    """Ctrl-C, and then no patience."""
    server.process.send_signal(signal.SIGINT)
    try:
        server.process.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(server.process.pid, signal.SIGKILL)
        raise


def tiny_svd_of_this_run(tmp_path_factory: pytest.TempPathFactory, num_frames: int = 4) -> Path:
    """One checkpoint for all processes that run tests: who makes it loads torch and diffusers, ten seconds of work."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    made = folder / f"{num_frames} frames" / "tiny-svd"
    with FileLock(folder / "tiny-svd.lock"):
        if not made.exists():
            from tests.tiny_svd import make_tiny_svd

            make_tiny_svd(made.with_name("draft"), num_frames).rename(made)
    return made


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One studio for all browser tests: with a tiny Stable Video Diffusion at hand, and no hub within reach."""
    folder = tmp_path_factory.mktemp("studio")
    svd = tiny_svd_of_this_run(tmp_path_factory)
    nobody = f"http://127.0.0.1:{free_port()}"
    variables = {"STILLMOTION_SVD_PATH": str(svd), "HF_ENDPOINT": nobody, "HF_HOME": str(folder / "hub")}
    with served(folder, **variables) as running:
        yield running


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An empty database."""
    # here, because most rooms' tests have no use for it
    from jobs.schema import open_database

    engine = open_database(f"sqlite:///{tmp_path}/studio.sqlite")
    yield engine
    engine.dispose()


FEATURES_OFF = (
    # With RenderDocument a close that meets a reload may never settle, and a reload after a commit may find no page
    # (microsoft/playwright#42068).
    "RenderDocument",
    # The switch replaces Playwright's own list, so what our pages need of it stays.
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "HttpsUpgrades", "MediaRouter", "PaintHolding"),
    # Headless as it is, each window draws a toolbar out of pages of its own, and a spare renderer is kept ready: two
    # of five CPU seconds that a page of ours takes to open.
    *("InitialWebUI", "PreloadTopChromeWebUI", "WebUIToolbar", "WebUILocationBar", "WebUIAppMenuButton"),
    *("WebUIReloadButton", "WebUIBackForwardButton", "WebUIHomeButton", "WebUIAvatarButton", "WebUISplitTabsButton"),
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup", "SpareRendererForSitePerProcess"),
)

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(FEATURES_OFF)}",
]


EXPECT_MS = 60_000
"""Longest wait for what a page should come to show, on a machine that is busy with other tests; Playwright's own 5 s
are too short there. Only a test that fails waits for as long."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium: the one on the PATH, else Playwright's own."""
    expect.set_options(timeout=EXPECT_MS)
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


LAPTOP = {"width": 1280, "height": 800}

MOVING, CALM = "no-preference", "reduce"
"""What a visitor wishes of motion (`reduced_motion`)."""


def new_window(browser: Browser, **options: Any) -> BrowserContext:
    """A window of its own, a laptop's size, of somebody who likes it calm.

    A clip that plays takes most of a core, from every test that runs: it does where a test is about that (`MOVING`).
    """
    return browser.new_context(**{"viewport": LAPTOP, "reduced_motion": CALM, "accept_downloads": True, **options})


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A window of its own, a laptop's size."""
    window = new_window(browser)
    yield window
    window.close()


@pytest.fixture
def page(context: BrowserContext, server: Server) -> Page:
    """The studio, open."""
    page = context.new_page()
    page.goto(server.url)
    page.get_by_role("button", name="Animate").wait_for()
    return page
