"""Photographs as scene material: pixels, subject mask, and what the picture itself says about depth."""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.pocket.layers import outline, skyline
from pipelines.subject import subject_mask

Bytes = NDArray[np.uint8]

SHORT_SIDE = 256
"""Pixels. Crops of 144 x 256 stay sharp, and a thousand photos fit in memory."""

HELD_OUT_SHARE = 10
"""One photo in this many never enters training."""

ALWAYS_HELD_OUT = ["budgie_*"]
"""Patterns of names that never enter training either: the collection that the shipped stills are from."""

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


@dataclass(frozen=True)
class Photo:
    """`rgb` uint8 `[H, W, 3]`; `mask` uint8 `[H, W]`: how surely subject, cleaned as the studio cleans it.

    `relief` uint8 `[H, W]` is 0 for sky and plain backdrops, up to 255 for what stands before them; `horizon` is the
    height (0 top, 1 bottom) where ground begins.
    """

    name: str
    rgb: Bytes
    mask: Bytes
    relief: Bytes
    horizon: float

    @property
    def is_cut_out(self) -> bool:
        """Whether the subject is a whole thing of a fit size, with an edge crisp enough to stand on another photo."""
        inside, sure = self.mask > 60, self.mask > 200
        border = np.concatenate([inside[0], inside[:, 0], inside[:, -1]])
        is_whole = float(border.mean()) < 0.02
        return is_whole and 0.03 < float(inside.mean()) < 0.5 and float(sure.sum()) > CRISP * float(inside.sum())


CRISP = 0.75
"""Share of a mask that must be certain: below it the outline is a haze, not a silhouette."""


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


def read_photo(file: Path) -> Photo:
    """A photo with its subject: from the mask beside it where there is one, else as the subject network sees it."""
    bgr = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if bgr is None:
        raise FileNotFoundError(f"{file} cannot be read as a photo.")
    scale = SHORT_SIDE / min(bgr.shape[:2])
    size = (round(bgr.shape[1] * scale), round(bgr.shape[0] * scale))
    rgb = np.asarray(cv2.cvtColor(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB), np.uint8)
    seen = mask_beside(file)
    mask = (
        subject_mask(rgb) if seen is None else np.float32(cv2.resize(seen, size, interpolation=cv2.INTER_LINEAR) / 255)
    )
    subject = np.asarray(outline(np.asarray(mask, np.float32)) * 255, np.uint8)
    return Photo(file.name, rgb, subject, np.asarray(skyline(rgb) * 255, np.uint8), horizon_row(rgb))


def mask_beside(file: Path) -> Bytes | None:
    """The subject mask in `NAME.mask.png` beside a photo, uint8 `[h, w]` of any size, or None where there is none."""
    mask = file.with_suffix(".mask.png")
    grey = cv2.imread(str(mask), cv2.IMREAD_GRAYSCALE) if mask.exists() else None
    return None if grey is None else np.asarray(grey, np.uint8)


def horizon_row(rgb: Bytes) -> float:
    """The height (0 top, 1 bottom) where the bands above and below differ most for how much they vary inside."""
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB).astype(np.float32)
    rows = np.arange(int(len(lab) * 0.2), int(len(lab) * 0.75), 2)
    band = len(lab) // 6
    return float(rows[np.argmax([_contrast(lab[max(0, y - band) : y], lab[y : y + band]) for y in rows])]) / len(lab)


def _contrast(above: NDArray[np.float32], below: NDArray[np.float32]) -> float:
    apart = np.abs(above.mean((0, 1)) - below.mean((0, 1))).sum()
    return float(apart / (above.std((0, 1)).sum() + below.std((0, 1)).sum() + 5))
