"""Files of models, looked at from outside. Knows no torch."""

from __future__ import annotations

from pathlib import Path

from pipelines.errors import ModelError

PICKLES = {".ckpt", ".bin", ".pt", ".pth", ".pkl"}


def check_no_pickle(path: Path) -> None:
    """Raises `ModelError` for a file that would run as it is opened, by its name."""
    if path.suffix.lower() in PICKLES and path.is_file():
        raise ModelError(
            f"{path.name} is a pickle, which can run any code when it is opened.",
            "Download the .safetensors file of the model instead.",
        )


def files_bytes(path: Path) -> int:
    """Bytes of the JSON and safetensors files below `path`, or of the file that it is; 0 where there is nothing."""
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.suffix in {".json", ".safetensors"})
