"""Clips in other formats, made when they are first asked for, kept for a while (`jobs.kept_exports`)."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import structlog

from jobs.kept_exports import FOLDER
from jobs.one_at_a_time import OneAtATime
from jobs.wishes import NAME, note_contents, note_wish
from media.export.formats import FORMATS
from media.export.frames import OnFrame, unwatched
from media.export.order import Estimate, Export, estimated, save_as
from media.provenance import SIGNED_SUFFIXES, credential_in, sign
from media.recipe import read_recipe
from pipelines.errors import ClipError, UnknownJob

log = structlog.get_logger("exports")

KEY_LENGTH = 24


CREDENTIAL_BYTES = 12_000
"""What signing adds at most, settings and certificates included."""

KNOWN_ESTIMATES = 200
"""Estimates that are remembered: a person goes back and forth between a few wishes."""


class Exports:
    """Makes files in `folder` from clips that `clip_of(job_id)` finds; `signs` puts Content Credentials inside.

    How many are made at a time is for whoever calls to say (`ui.waiting`).
    """

    def __init__(self, folder: Path, clip_of: Callable[[str], Path], signs: bool = True) -> None:
        self.folder, self._clip_of, self._signs = folder / FOLDER, clip_of, signs
        self._keys = folder / "keys"
        self._wishes = OneAtATime()
        self._estimates: dict[str, Estimate] = {}

    def make(self, job_id: str, wanted: Export, on_frame: OnFrame = unwatched) -> Path:
        """The clip as wanted; the same wish gives the same file without making it again.

        Raises `UnknownJob` where the clip is not there, what `on_frame` raises to end it, and what
        `media.export.order.save_as` raises.
        """
        clip = self._clip_of(job_id)
        folder = self.folder / job_id / self._key(wanted)
        path = folder / f"{NAME}{wanted.kind.suffix}"
        folder.mkdir(parents=True, exist_ok=True)
        note_wish(folder, wanted)
        # wanted: its day begins anew, before the caretaker comes
        os.utime(folder)
        if not path.exists():
            with self._wishes.of(str(folder)):
                if not path.exists():
                    self._make(clip, path, wanted, on_frame)
        return path

    def estimate(self, job_id: str, wanted: Export) -> Estimate:
        """About what `make` will make; one at a time. Raises what `make` raises."""
        clip = self._clip_of(job_id)
        key = f"{job_id}/{self._key(wanted)}"
        if key not in self._estimates:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._estimates[key] = estimated(clip, wanted, self.folder)
            if len(self._estimates) > KNOWN_ESTIMATES:
                self._estimates.pop(next(iter(self._estimates)))
        return self._estimates[key]

    def find(self, job_id: str, key: str) -> Path:
        """A file that was made before, by its job and the name of its folder; raises `UnknownJob`."""
        self._clip_of(job_id)
        names = (f"{NAME}{kind.suffix}" for kind in FORMATS.values())
        found = [self.folder / job_id / key / name for name in names if is_key(key)]
        path = next((each for each in found if each.is_file()), None)
        if path is None:
            raise UnknownJob("This file is no longer there.", "Make it again.")
        return path

    def made(self, path: Path) -> Path | None:
        """The file at a path from outside, if it is one that was made here and its clip is still there, else None."""
        try:
            job_id, key, _ = path.relative_to(self.folder).parts
        except ValueError:
            return None
        return self.find(job_id, key)

    def _make(self, clip: Path, path: Path, wanted: Export, on_frame: OnFrame) -> None:
        begun = time.monotonic()
        unsigned = path.with_name(f"{secrets.token_hex(4)}-{path.name}")
        try:
            is_signed = self._signs and wanted.keep_recipe and path.suffix in SIGNED_SUFFIXES
            facts = save_as(clip, unsigned, _with_room(wanted) if is_signed else wanted, on_frame)
            if is_signed:
                sign(unsigned, credential_in(self._keys), parameters=_told(clip))
            note_contents(path.parent, facts)
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
        return hashlib.sha256(json.dumps(plain).encode()).hexdigest()[:KEY_LENGTH]


def _with_room(wanted: Export) -> Export:
    """The wish less what the credentials will take of its size."""
    most = wanted.most_bytes
    return replace(wanted, most_bytes=max(most - CREDENTIAL_BYTES, most // 2)) if most else wanted


def is_key(text: str) -> bool:
    """Whether a text from outside has the form of a folder's name here."""
    return re.fullmatch(f"[0-9a-f]{{{KEY_LENGTH}}}", text) is not None


def _told(clip: Path) -> dict[str, object]:
    """What the credentials say of the settings."""
    try:
        return {"request": read_recipe(clip).get("request", {})}
    except ClipError:
        return {}
