"""Files that are there whole or not at all."""

from __future__ import annotations

from pathlib import Path

PARTIAL = ".partial"
"""Ends the name of a file that is being written; `media.clip` names unfinished clips the same way."""


def write_whole(path: Path, content: bytes) -> None:
    """Write or replace a file so that readers find the old content or the new, never a part. Raises `OSError`."""
    partial = path.with_name(path.name + PARTIAL)
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def remove_partials(folder: Path) -> None:
    """Removes what a worker that was stopped could not finish; what cannot be removed stays."""
    for partial in folder.glob(f"*{PARTIAL}"):
        try:
            partial.unlink()
        except OSError:
            continue
