"""Clips in other formats, made when they are first asked for, kept for a while (`jobs.kept_exports`)."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from jobs.kept_exports import FOLDER
from jobs.one_at_a_time import OneAtATime
from media.export.order import Export, save_as
from media.provenance import SIGNED_SUFFIXES, credential_in, sign
from media.recipe import read_recipe
from pipelines.errors import ClipError

log = structlog.get_logger("exports")

AT_ONCE = 2
"""Files that are made at a time: encoders use every core there is."""


class Exports:
    """Makes files in `folder` from clips that `clip_of(job_id)` finds; `signs` puts Content Credentials inside."""

    def __init__(self, folder: Path, clip_of: Callable[[str], Path], signs: bool = True) -> None:
        self.folder, self._clip_of, self._signs = folder / FOLDER, clip_of, signs
        self._keys = folder / "keys"
        self._slots, self._wishes = threading.Semaphore(AT_ONCE), OneAtATime()

    def make(self, job_id: str, wanted: Export) -> Path:
        """The clip as wanted; the same wish gives the same file without making it again.

        Raises `UnknownJob` where the clip is not there, and what `media.export.order.save_as` raises.
        """
        clip = self._clip_of(job_id)
        folder = self.folder / job_id / self._key(wanted)
        path = folder / f"stillmotion{wanted.kind.suffix}"
        folder.mkdir(parents=True, exist_ok=True)
        # wanted: its day begins anew, before the caretaker comes
        os.utime(folder)
        if not path.exists():
            with self._wishes.of(str(folder)), self._slots:
                if not path.exists():
                    self._make(clip, path, wanted)
        return path

    def _make(self, clip: Path, path: Path, wanted: Export) -> None:
        begun = time.monotonic()
        unsigned = path.with_name(f"{secrets.token_hex(4)}-{path.name}")
        try:
            save_as(clip, unsigned, wanted)
            if self._signs and wanted.keep_recipe and path.suffix in SIGNED_SUFFIXES:
                sign(unsigned, credential_in(self._keys), parameters=_told(clip))
            unsigned.replace(path)
        finally:
            unsigned.unlink(missing_ok=True)
        log.info("export made", file=path.name, seconds=round(time.monotonic() - begun, 2))

    def _key(self, wanted: Export) -> str:
        """Names a wish: equal wishes, and only they, have equal names."""
        sound = hashlib.sha256(wanted.sound.read_bytes()).hexdigest() if wanted.sound else ""
        plain = [
            wanted.kind.name,
            wanted.finish.model_dump(),
            sound,
            wanted.most_bytes,
            wanted.keep_recipe,
            self._signs,
        ]
        return hashlib.sha256(json.dumps(plain).encode()).hexdigest()[:24]


def _told(clip: Path) -> dict[str, object]:
    """What the credentials say of the settings."""
    try:
        return {"request": read_recipe(clip).get("request", {})}
    except ClipError:
        return {}
