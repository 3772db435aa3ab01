"""Files of models, looked at from outside. Knows no torch."""

from __future__ import annotations

import hashlib
import json
import secrets
from pathlib import Path

from pipelines.errors import ModelError
from pipelines.machine import data_folder

PICKLES = {".ckpt", ".bin", ".pt", ".pth", ".pkl"}


def check_no_pickle(path: Path) -> None:
    """Raises `ModelError` for a file that would run as it is opened, by its name."""
    if path.suffix.lower() in PICKLES and path.is_file():
        raise ModelError(
            f"{path.name} is a pickle, which can run any code when it is opened.",
            "Download the .safetensors file of the model instead.",
        )


def sha256_of(file: Path) -> str:
    """The SHA-256 of a file, kept in the data folder: to read one of gigabytes takes seconds."""
    about = file.stat()
    mark = f"{file.resolve()} {about.st_size} {about.st_mtime_ns}"
    kept = _kept_hashes()
    if mark not in kept:
        with file.open("rb") as content:
            kept[mark] = hashlib.file_digest(content, "sha256").hexdigest()
        _keep_hashes(kept)
    return kept[mark]


def _hashes() -> Path:
    return data_folder() / "hashes.json"


def _kept_hashes() -> dict[str, str]:
    try:
        return dict(json.loads(_hashes().read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return {}  # they are made again


def _keep_hashes(hashes: dict[str, str]) -> None:
    _hashes().parent.mkdir(parents=True, exist_ok=True)
    draft = _hashes().with_name(f"{_hashes().name}.{secrets.token_hex(4)}.new")
    draft.write_text(json.dumps(hashes, indent=2), "utf-8")
    draft.replace(_hashes())


def files_bytes(path: Path) -> int:
    """Bytes of the JSON and safetensors files below `path`, or of the file that it is; 0 where there is nothing."""
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.suffix in {".json", ".safetensors"})
