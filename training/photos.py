"""Photographs: which are trained on and which are held out, and the masks that lie beside them."""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

HELD_OUT_SHARE = 10
"""One photo in this many never enters training."""

ALWAYS_HELD_OUT = ["budgie_*"]
"""Patterns of names that never enter training either: the collection that the shipped stills are from."""

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


def is_held_out(name: str, patterns: Iterable[str] = ()) -> bool:
    """Whether this photo is kept away from training: by its name alone, so that the split never shifts."""
    if any(fnmatch.fnmatch(name, pattern) for pattern in patterns):
        return True
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % HELD_OUT_SHARE == 0


def photo_files(folder: Path) -> list[Path]:
    """The photos of a folder in the order of their names; masks (`NAME.mask.png`) are not photos."""
    files = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES and ".mask" not in p.suffixes)
    if not files:
        raise FileNotFoundError(f"There are no photos in {folder}. Name a folder of .jpg, .png or .webp files.")
    return files


def mask_beside(file: Path) -> Bytes | None:
    """The subject mask in `NAME.mask.png` beside a photo, uint8 `[h, w]` of any size, or None where there is none."""
    mask = file.with_suffix(".mask.png")
    grey = cv2.imread(str(mask), cv2.IMREAD_GRAYSCALE) if mask.exists() else None
    return None if grey is None else np.asarray(grey, np.uint8)
