"""Downloads a model from the Hugging Face hub, at a pinned revision, with progress and in plain words when it fails.

Knows no torch. Only the files of `ModelSpec.hub_files` are taken: settings, vocabularies and safetensors, nothing that
could run.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import queue
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.errors import HubError
from pipelines.models.spec import ModelSpec

OnBytes = Callable[[int, int], None]
"""Watches a download: bytes done, bytes in all. Raising from it stops the download."""

HEARTBEAT_SECONDS = 0.2
"""Longest silence of `on_bytes`: so a stalled download can be stopped too, and the bar moves 5 times a second."""

TOKENS_PAGE = "https://huggingface.co/settings/tokens"

TAKEN = (".json", ".txt", ".model", ".safetensors")
"""Endings of what is taken of a folder that `ModelSpec.hub_files` names as a whole."""

WHOLE = ".whole.json"
"""A file in a snapshot of whole folders: which files they held. Written last, so that half a download has none."""

BY_HAND = "`python app.py models add FOLDER` takes a copy that was downloaded by hand."


def fetch(spec: ModelSpec, on_bytes: OnBytes) -> Path:
    """The folder of `spec` in the hub's cache, downloaded if need be, every weight file checked against its SHA-256.

    `on_bytes` is called in the caller's thread, several times a second; what it raises comes out of here at once, and
    files that were complete by then are kept. The token is taken from HF_TOKEN. Raises `HubError`.
    """
    present = spec.path or snapshot(spec)
    if present is not None:
        return present
    if spec.revision is None:
        raise HubError(
            f"No revision of {spec.name} could be verified, so it is not downloaded by itself.",
            f"Download it by hand from {_page(spec)}: `python app.py models add FOLDER` takes it.",
        )
    download = _Download(spec, spec.size_bytes)
    threading.Thread(target=download.run, name="hub download", daemon=True).start()
    try:
        return download.follow(on_bytes)
    finally:
        download.stopped.set()


def snapshot(spec: ModelSpec) -> Path | None:
    """The folder of `spec` in the hub's cache if all of its files are there, at the pinned revision; else None."""
    if spec.repo is None or spec.revision is None:
        return None
    folder = snapshot_folder(spec)
    names = _names_in(folder) if _has_folders(spec) else spec.hub_files
    return folder if names and all((folder / name).is_file() for name in names) else None


def snapshot_folder(spec: ModelSpec) -> Path:
    """Where the hub's cache keeps `spec`, complete or not, there or not."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE, f"models--{spec.repo}".replace("/", "--"), "snapshots", str(spec.revision))


class _Stopped(Exception):
    """Ends the download's thread when nobody waits for it any more."""


@dataclass
class _Download:
    """A download in a thread of its own, which reports to `news` and looks at `stopped` whenever bytes arrive."""

    spec: ModelSpec
    total: int
    stopped: threading.Event = field(default_factory=threading.Event)
    news: queue.SimpleQueue[Path | Exception | int] = field(default_factory=queue.SimpleQueue)

    def run(self) -> None:
        """Downloads file after file; puts counts of bytes, then the folder or what went wrong, into `news`."""
        try:
            self.news.put(self._all_files())
        except _Stopped:
            return
        except Exception as error:  # noqa: BLE001 - it is handed to the thread that waits for it
            self.news.put(error)

    def follow(self, on_bytes: OnBytes) -> Path:
        """Waits for the end, with `on_bytes` as the heartbeat."""
        done = 0
        while True:
            try:
                item = self.news.get(timeout=HEARTBEAT_SECONDS)
            except queue.Empty:
                item = 0
            if isinstance(item, Path):
                on_bytes(self.total, self.total)
                return item
            if isinstance(item, HubError):
                raise item
            if isinstance(item, Exception):
                raise _in_words(item, self.spec) from item
            done += item
            on_bytes(min(done, self.total), self.total)

    def count(self, size: int) -> None:
        """`size` more bytes are here."""
        if self.stopped.is_set():
            raise _Stopped
        self.news.put(size)

    def _all_files(self) -> Path:
        from huggingface_hub import HfApi, RepoFile, constants, hf_hub_download

        # Xet transfers count in a thread of their own and cannot be stopped half way; plain HTTP can.
        constants.HF_HUB_DISABLE_XET = True
        where: dict[str, Any] = {"repo_id": self.spec.repo, "revision": self.spec.revision}
        access: dict[str, Any] = {"token": os.environ.get("HF_TOKEN"), "endpoint": os.environ.get("HF_ENDPOINT")}
        api = HfApi(**access)
        if _has_folders(self.spec):
            answer = api.list_repo_tree(recursive=True, **where)
        else:
            answer = api.get_paths_info(paths=list(self.spec.hub_files), **where)
        listing = [file for file in answer if isinstance(file, RepoFile) and _is_taken(file.path, self.spec)]
        _check_listing({file.path for file in listing}, self.spec)
        self.total = sum(file.size for file in listing)
        folder = snapshot_folder(self.spec)
        missing = [file for file in listing if not (folder / file.path).is_file()]
        _check_disk(sum(file.size for file in missing), Path(constants.HF_HUB_CACHE))
        self.count(self.total - sum(file.size for file in missing))
        for file in missing:
            hf_hub_download(
                filename=file.path, tqdm_class=_counter(self.count), cache_dir=constants.HF_HUB_CACHE, **where, **access
            )
            _check_sum(folder / file.path, file.lfs.sha256 if file.lfs else None)
        if _has_folders(self.spec):
            (folder / WHOLE).write_text(json.dumps([file.path for file in listing]), "utf-8")
        return folder


def _counter(count: Callable[[int], None]) -> type:
    """A stand-in for tqdm, which is how huggingface_hub reports the bytes of one file."""

    class Counter:
        def __init__(self, *_: object, **__: object) -> None:
            self.total = 0

        def update(self, size: float | None = 1) -> None:
            count(int(size or 0))

        def __enter__(self) -> Counter:
            return self

        def __exit__(self, *_: object) -> None:
            pass

    return Counter


def _has_folders(spec: ModelSpec) -> bool:
    return any(name.endswith("/*") for name in spec.hub_files)


def _is_taken(path: str, spec: ModelSpec) -> bool:
    folder, _, _ = path.rpartition("/")
    return path in spec.hub_files or (f"{folder}/*" in spec.hub_files and path.endswith(TAKEN))


def _names_in(folder: Path) -> list[str]:
    """The files of a download that has come to its end; none of one that has not."""
    try:
        return [str(name) for name in json.loads((folder / WHOLE).read_text("utf-8"))]
    except (OSError, ValueError):
        return []


def _check_listing(names: set[str], spec: ModelSpec) -> None:
    folders = {f"{name.rpartition('/')[0]}/*" for name in names}
    missing = sorted(set(spec.hub_files) - names - folders)
    if missing:
        raise HubError(f"The hub's copy of {spec.name} has no {missing[0]}.", BY_HAND)


def _check_disk(needed: int, cache: Path) -> None:
    """Before a byte is loaded, so that a full disk shows now and not after an hour."""
    cache.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(cache).free
    if needed > free:
        raise HubError(
            f"The download needs {needed / 1e9:.1f} GB and the disk has {free / 1e9:.1f} GB free.",
            "Free some space, or set HF_HOME to a folder on another disk.",
        )


def _check_sum(path: Path, sha256: str | None) -> None:
    """A file that has not the sum that the hub lists is thrown away. Small text files have none."""
    if sha256 is None:
        return
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != sha256:
        path.resolve().unlink()
        path.unlink(missing_ok=True)
        raise HubError(f"{path.name} arrived damaged and was thrown away.", "Start the download again.")


def _page(spec: ModelSpec) -> str:
    return f"https://huggingface.co/{spec.repo}"


def _in_words(error: Exception, spec: ModelSpec) -> HubError:
    """What went wrong, from the innermost error that says something: huggingface_hub wraps them up to three deep."""
    chain = _chain(error)
    for link in chain:
        status = getattr(getattr(link, "response", None), "status_code", None)
        if status is not None:
            return _refused(status, link, spec)
    if any(getattr(link, "errno", None) == errno.ENOSPC for link in chain):
        return HubError("The disk is full.", "Free some space, or set HF_HOME to a folder on another disk.")
    if any("Consistency check failed" in str(link) for link in chain):
        return HubError("The download broke off half way.", "Start it again: files that were complete are kept.")
    if any(type(link).__name__ == "OfflineModeIsEnabled" for link in chain):
        return HubError("HF_HUB_OFFLINE keeps the studio from the hub.", f"Unset it. {BY_HAND}")
    return HubError("The Hugging Face hub was not reached.", f"Check the connection and start again. {BY_HAND}")


def _refused(status: int, error: BaseException, spec: ModelSpec) -> HubError:
    gated = spec.gated or type(error).__name__ == "GatedRepoError"
    if status in {401, 403} and gated:
        return HubError(
            f"{spec.name} is given out only to people who have accepted its licence.",
            f"Accept it at {_page(spec)}, create a token at {TOKENS_PAGE}, and set HF_TOKEN to it.",
        )
    if status in {401, 403, 404}:
        return HubError(f"The hub has no {spec.repo} at {spec.revision}, or hides it.", f"Check HF_TOKEN. {BY_HAND}")
    return HubError(f"The hub answered with an error ({status}).", f"Try again later. {BY_HAND}")


def _chain(error: BaseException) -> list[BaseException]:
    links: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in links:
        links.append(link)
        link = link.__cause__ or link.__context__
    return links
