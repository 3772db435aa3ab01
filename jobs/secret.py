"""The key that signs visitors' cookies: outside the database, so that who reads that is nobody's double."""

from __future__ import annotations

import secrets

from filelock import FileLock

from jobs.settings import JobSettings
from jobs.store import in_plain_words
from media.whole_file import PRIVATE, private_folder, write_whole

FILE = "secret"
"""Its name in the data folder."""

SECRET_BYTES = 32


def secret_of(settings: JobSettings) -> str:
    """What the settings say, else this machine's own, made at first use. Raises `StoreError` where it cannot be."""
    if settings.secret:
        return settings.secret
    file = settings.data / FILE
    with in_plain_words():
        private_folder(settings.data)
        with FileLock(settings.data / f"{FILE}.lock"):
            if not file.exists():
                write_whole(file, secrets.token_hex(SECRET_BYTES).encode(), PRIVATE)
        return file.read_text()
