"""Which store the settings name."""

from __future__ import annotations

from pathlib import Path

from jobs.remote_store import RemoteStore
from jobs.settings import JobSettings
from jobs.store import FolderStore, Store, in_plain_words
from media.whole_file import private_folder


def open_store(settings: JobSettings) -> Store:
    """The store that the settings name. Raises `StoreError` where it cannot be made."""
    with in_plain_words():
        private_folder(settings.data)
    if "://" in settings.store:
        return RemoteStore(settings.store, settings.data / "copies")
    root = Path(settings.store).expanduser() if settings.store else settings.data / "jobs"
    with in_plain_words():
        root.mkdir(parents=True, exist_ok=True)
    return FolderStore(root)
