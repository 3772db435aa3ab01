"""Uploaded files: each visitor's in a folder of their own, and no other path from outside is ever a file."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

NAME_LENGTH = 16


class Uploads:
    """Uploads below `root`; the caretaker removes old ones (`jobs.caretaker.UPLOADS`)."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def folder(self, visitor: str) -> Path:
        """The folder of a visitor's uploads; it need not be there."""
        return self.root / hashlib.sha256(visitor.encode()).hexdigest()[:NAME_LENGTH]

    def new_folder(self, visitor: str) -> Path:
        """A new folder for one upload of a visitor."""
        folder = self.folder(visitor) / secrets.token_hex(NAME_LENGTH // 2)
        folder.mkdir(parents=True, mode=0o700)
        return folder

    def own(self, visitor: str, path: str) -> Path | None:
        """The one place where a path from outside becomes a file: one that this visitor has uploaded, else None."""
        try:
            found = Path(os.path.normpath(path)).resolve(strict=True)
        except (OSError, ValueError, RuntimeError):
            return None
        return found if found.is_file() and found.is_relative_to(self.folder(visitor)) else None
