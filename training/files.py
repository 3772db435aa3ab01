"""Files of other people's packages, which are opened only where they are the very ones that are meant."""

from __future__ import annotations

import hashlib
from pathlib import Path


def check_file(path: Path, sha256: str) -> None:
    """Raises `ValueError` where it is another file."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise ValueError(f"{path} is another file: its SHA-256 is {found}, not {sha256}.")
