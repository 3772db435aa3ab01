"""Downloads from a hub of our own, on this machine: a good one, and ones that refuse, break and lie."""

from __future__ import annotations

import errno
import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import Cancelled, HubError
from pipelines.families.svd.folder import HUB_FILES
from pipelines.families.svd.releases import RELEASES
from pipelines.models import hub
from pipelines.models.catalogue import location
from pipelines.models.hub import fetch, snapshot
from pipelines.models.spec import ModelSpec

XT = RELEASES[0]
GATED = next(spec for spec in RELEASES if spec.gated)

STRANGERS = ("unet/run.py", "unet/diffusion_pytorch_model.bin", "safety_checker/model.safetensors")
"""Files of a repository that a download leaves alone."""

SIZES = dict.fromkeys(STRANGERS, 100) | {name: 300_000 if name.endswith(".safetensors") else 200 for name in HUB_FILES}
TOTAL = sum(SIZES[name] for name in HUB_FILES)


def content(name: str) -> bytes:
    return (hashlib.sha256(name.encode()).digest() * (SIZES[name] // 32 + 1))[: SIZES[name]]


class Handler(BaseHTTPRequestHandler):
    """The three routes that a download needs, as the real hub answers them."""

    server: FakeHub

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if not self._refused(self.server.listing):
            self._send(200, json.dumps([_entry(name) for name in self.server.files]).encode())

    def do_HEAD(self) -> None:
        self._file(with_body=False)

    def do_GET(self) -> None:
        if "/tree/" in self.path:
            self._send(200, json.dumps([_entry(name) for name in self.server.files]).encode())
            return
        self.server.downloads.append(self.path)
        self._file(with_body=True)

    def log_message(self, *_: Any) -> None:
        pass

    def _refused(self, status: int) -> bool:
        self.server.tokens.add(self.headers.get("Authorization"))
        if status == 200:
            return False
        code = {401: "GatedRepo", 403: "GatedRepo", 404: "RepoNotFound"}.get(status)
        self._send(status, b"{}", {"X-Error-Code": code} if code else {})
        return True

    def _file(self, with_body: bool) -> None:
        if self._refused(self.server.resolve):
            return
        name = self.path.split("/", 5)[-1]
        data = content(name)
        if name in self.server.damaged:
            data = data[::-1]
        headers = {"X-Repo-Commit": str(XT.revision), "ETag": f'"{hashlib.sha256(content(name)).hexdigest()}"'}
        if name in self.server.cut and with_body:
            self._send(200, data[: len(data) // 2], headers)
        else:
            self._send(200, data, headers, with_body=with_body)

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None, with_body: bool = True) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.server.gate.wait(timeout=20)
            self.wfile.write(body)


class FakeHub(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.listing = self.resolve = 200
        self.files: tuple[str, ...] = HUB_FILES
        self.damaged: set[str] = set()
        self.cut: set[str] = set()
        self.tokens: set[str | None] = set()
        self.downloads: list[str] = []
        self.gate = threading.Event()
        self.gate.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up is part of the tests."""


def _entry(name: str) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": "file", "path": name, "size": SIZES[name], "oid": "0" * 40}
    if name.endswith(".safetensors"):
        sha256 = hashlib.sha256(content(name)).hexdigest()
        entry["lfs"] = {"size": SIZES[name], "oid": sha256, "pointerSize": 134}
    return entry


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeHub]:
    for name in ("HF_TOKEN", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "no token"))
    fake = FakeHub()
    monkeypatch.setenv("HF_ENDPOINT", fake.url)
    threading.Thread(target=fake.serve_forever, kwargs={"poll_interval": 0.01}).start()
    yield fake
    fake.gate.set()
    fake.shutdown()
    fake.server_close()


def refusal(spec: ModelSpec) -> str:
    with pytest.raises(HubError) as caught:
        fetch(spec, lambda done, total: None)
    return str(caught.value)


def test_a_download_counts_every_byte(server: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    seen: list[tuple[int, int]] = []
    assert snapshot(XT) is None
    folder = fetch(XT, lambda done, total: seen.append((done, total)))
    assert all((folder / name).read_bytes() == content(name) for name in HUB_FILES)
    # before the hub has answered, the total is that of the spec
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (TOTAL, TOTAL)
    assert len({done for done, _ in seen}) >= 3
    assert snapshot(XT) == location(XT) == folder
    assert server.tokens == {"Bearer hf_secret"}


def test_what_is_here_is_not_downloaded_again(server: FakeHub) -> None:
    folder = fetch(XT, lambda done, total: None)
    server.shutdown()
    server.downloads.clear()
    assert fetch(XT, lambda done, total: None) == folder
    assert server.downloads == []


def test_a_broken_download_goes_on_where_it_was(server: FakeHub) -> None:
    server.cut = {"vae/diffusion_pytorch_model.fp16.safetensors"}
    assert refusal(XT) == "The download broke off half way. Start it again: files that were complete are kept."
    server.cut, server.downloads = set(), []
    seen: list[tuple[int, int]] = []
    fetch(XT, lambda done, total: seen.append((done, total)))
    assert [path.rpartition("/")[2] for path in server.downloads] == ["diffusion_pytorch_model.fp16.safetensors"]
    assert seen[-1] == (TOTAL, TOTAL)


def test_of_a_folder_that_is_taken_as_a_whole_only_what_cannot_run(server: FakeHub) -> None:
    whole = replace(XT, hub_files=("model_index.json", "unet/*", "vae/*"))
    wanted = {name for name in HUB_FILES if name.split("/")[0] in {"model_index.json", "unet", "vae"}}
    server.files = (*HUB_FILES, *STRANGERS)
    server.cut = {"vae/diffusion_pytorch_model.fp16.safetensors"}
    assert "broke off half way" in refusal(whole)
    assert snapshot(whole) is None, "a file of every folder is here, and yet not all"
    server.cut = set()
    folder = fetch(whole, lambda done, total: None)
    here = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file() and file.name[0] != "."}
    assert here == wanted
    assert snapshot(whole) == folder
    (folder / "vae" / "config.json").unlink()
    assert snapshot(whole) is None


def test_a_folder_that_the_hub_has_not(server: FakeHub) -> None:
    refused = refusal(replace(XT, hub_files=("model_index.json", "transformer/*")))
    assert refused.startswith("The hub's copy of Stable Video Diffusion XT has no transformer/*.")


def test_a_damaged_file_is_thrown_away(server: FakeHub) -> None:
    server.damaged = {"unet/diffusion_pytorch_model.fp16.safetensors"}
    assert "arrived damaged and was thrown away. Start the download again." in refusal(XT)
    server.damaged = set()
    assert fetch(XT, lambda done, total: None) == snapshot(XT)


@pytest.mark.parametrize("stalled", [False, True])
def test_raising_stops_the_download(server: FakeHub, stalled: bool) -> None:
    if stalled:
        server.gate.clear()

    def stop(done: int, total: int) -> None:
        if stalled or done > 0:
            raise Cancelled

    with pytest.raises(Cancelled):
        fetch(XT, stop)
    server.gate.set()
    for thread in threading.enumerate():
        if thread.name == "hub download":
            thread.join(timeout=20)
    assert snapshot(XT) is None
    assert len(server.downloads) < len(HUB_FILES)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("listed", [True, False])
def test_a_gated_model_says_how_to_be_let_in(server: FakeHub, status: int, listed: bool) -> None:
    server.listing, server.resolve = (200, status) if listed else (status, status)
    assert refusal(GATED) == (
        "Stable Video Diffusion XT 1.1 is given out only to people who have accepted its licence."
        " Accept it at https://huggingface.co/stabilityai/stable-video-diffusion-img2vid-xt-1-1,"
        " create a token at https://huggingface.co/settings/tokens, and set HF_TOKEN to it."
    )


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, "The hub has no stabilityai/stable-video-diffusion-img2vid-xt at 9e43909"),
        (500, "The hub answered with an error (500). Try again later. `python app.py models add FOLDER` takes"),
    ],
)
def test_other_refusals(server: FakeHub, status: int, words: str) -> None:
    server.listing = status
    assert words in refusal(XT)


def test_a_hub_that_is_not_there(server: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert refusal(XT) == (
        "The Hugging Face hub was not reached. Check the connection and start again."
        " `python app.py models add FOLDER` takes a copy that was downloaded by hand."
    )


def test_offline_on_purpose(server: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert refusal(XT).startswith("HF_HUB_OFFLINE keeps the studio from the hub. Unset it.")


def test_a_repository_without_safetensors(server: FakeHub) -> None:
    server.files = tuple(name for name in HUB_FILES if not name.startswith("vae/"))
    assert "The hub's copy of Stable Video Diffusion XT has no vae/config.json." in refusal(XT)


def test_a_full_disk_shows_before_the_download(server: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10})())
    assert "The download needs 0.0 GB and the disk has 0.0 GB free. Free some space" in refusal(XT)
    assert server.downloads == []


def test_a_disk_that_fills_up_meanwhile(server: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("huggingface_hub.file_download._chmod_and_move", fill)
    assert refusal(XT).startswith("The disk is full.")


def test_an_unverified_revision_is_not_fetched() -> None:
    assert refusal(replace(XT, revision=None)) == (
        "No revision of Stable Video Diffusion XT could be verified, so it is not downloaded by itself."
        " Download it by hand from https://huggingface.co/stabilityai/stable-video-diffusion-img2vid-xt:"
        " `python app.py models add FOLDER` takes it."
    )


def test_a_model_that_was_added_is_its_own_folder(tmp_path: Path) -> None:
    assert fetch(replace(XT, path=tmp_path), lambda done, total: None) == tmp_path
