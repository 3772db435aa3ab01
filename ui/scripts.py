"""What runs in the browser, read from the files beside this one."""

from __future__ import annotations

from pathlib import Path

PLAYING = Path(__file__).parent / "playing.js"
"""Cards that play while the pointer or the focus is on them."""


def script(*files: Path) -> str:
    """One script out of several, in their order."""
    return "\n".join(path.read_text(encoding="utf-8") for path in files)
